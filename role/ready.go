package role

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// readiness knows whether the nodes below answer. Whoever asks often gets the same answer for a moment, so that probes
// never become load for the neighbours.
type readiness struct {
	mu            sync.Mutex
	ask           func(context.Context) (needed, other error) // the nodes below; nil: there are none, or none is known yet
	needed, other error                                       // the last answer
	asked         time.Time
}

const (
	readyFor  = time.Second             // an answer holds
	readyTime = 1500 * time.Millisecond // a neighbour has for its answer
)

// begin says who asks the nodes below.
func (r *readiness) begin(ask func(context.Context) (needed, other error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ask = ask
}

// check returns why nodes below are missing that are needed, which are end and one next node, and why others are.
func (r *readiness) check() (needed, other error) {
	r.mu.Lock() // who asks meanwhile gets the same answer
	defer r.mu.Unlock()
	if r.ask == nil {
		return nil, nil
	}
	if r.asked.IsZero() || time.Since(r.asked) > readyFor {
		ctx, cancel := context.WithTimeout(context.Background(), readyTime) // another reader may wait for it, too
		defer cancel()
		r.needed, r.other = r.ask(ctx)
		r.asked = time.Now()
	}
	return r.needed, r.other
}

// ready returns why this node takes no new runs, or why frames could not go on from it; nil: they could. missing is why they
// could not go to every node.
func (s *server) ready() (failed, missing error) {
	s.node.mu.Lock()
	stopping := s.node.stopping
	s.node.mu.Unlock()
	if stopping {
		return errors.New("stopping: what is on this node is worked off, and it takes no new runs"), nil
	}
	failed, missing = s.below.check()
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
