package role

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// readiness knows whether the nodes below answer. Whoever asks often gets the same answer for a moment, so that probes
// never become load for the neighbours.
type readiness struct {
	ask func(context.Context) absence // the nodes below; nil: there are none, or none is known yet

	mu    sync.Mutex
	last  absence
	asked time.Time
}

// absence is why nodes below are missing; nil: none is.
type absence struct {
	needed error // end, and the next nodes where no other one is there
	other  error
}

const (
	readyFor  = time.Second             // an answer holds
	readyTime = 1500 * time.Millisecond // a neighbour has for its answer
)

// begin says who asks the nodes below.
func (r *readiness) begin(ask func(context.Context) absence) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ask = ask
}

// check returns which nodes below are missing.
func (r *readiness) check() absence {
	r.mu.Lock() // who asks meanwhile gets the same answer
	defer r.mu.Unlock()
	if r.ask == nil {
		return absence{}
	}
	if r.asked.IsZero() || time.Since(r.asked) > readyFor {
		ctx, cancel := context.WithTimeout(context.Background(), readyTime) // another reader may wait for it, too
		defer cancel()
		r.last, r.asked = r.ask(ctx), time.Now()
	}
	return r.last
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
	a := s.below.check()
	select {
	case <-s.node.built:
	default:
		if a.needed != nil {
			return fmt.Errorf("starting: %w", errors.Join(a.needed, a.other)), nil
		}
		return errors.New("starting: the model is being loaded, or the nodes below are being asked"), nil
	}
	if a.needed != nil {
		return errors.Join(a.needed, a.other), nil
	}
	return nil, a.other
}
