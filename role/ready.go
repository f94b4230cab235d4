package role

import (
	"cmp"
	"errors"
	"fmt"
)

// ready returns why this node takes no new runs, or why frames could not go on from it; nil: they could. missing is why they
// could not go to every node.
func (s *server) ready() (failed, missing error) {
	s.node.mu.Lock()
	stopping := s.node.stopping
	s.node.mu.Unlock()
	if stopping {
		return errors.New("stopping: what is on this node is worked off, and it takes no new runs"), nil
	}
	failed, missing = s.below.Check()
	if failed != nil {
		failed, missing = errors.Join(failed, missing), nil
	}
	select {
	case <-s.node.built:
	default:
		return fmt.Errorf("starting: %w", cmp.Or(failed, errors.New("the model is being loaded, or the nodes below are being asked"))), nil
	}
	return failed, missing
}
