package role

import (
	"context"
	"errors"
	"sync"
	"time"
)

// readiness knows whether the nodes below answer. Whoever asks often gets the same answer for a moment, so that probes
// never become load for the neighbours.
type readiness struct {
	ask func(context.Context) error // the nodes below; nil: there are none

	mu    sync.Mutex
	last  error
	asked time.Time
}

const (
	readyFor  = time.Second             // an answer holds
	readyTime = 1500 * time.Millisecond // a neighbour has for its answer
)

// check returns why frames could not go on from here; nil: they could.
func (r *readiness) check() error {
	if r.ask == nil {
		return nil
	}
	r.mu.Lock() // who asks meanwhile gets the same answer
	defer r.mu.Unlock()
	if r.asked.IsZero() || time.Since(r.asked) > readyFor {
		ctx, cancel := context.WithTimeout(context.Background(), readyTime) // another reader may wait for it, too
		defer cancel()
		r.last, r.asked = r.ask(ctx), time.Now()
	}
	return r.last
}

// ready returns why this node takes no new runs, or why frames could not go on from it; nil: they could.
func (s *server) ready() error {
	s.node.mu.Lock()
	stopping := s.node.stopping
	s.node.mu.Unlock()
	if stopping {
		return errors.New("stopping: what is on this node is worked off, and it takes no new runs")
	}
	select {
	case <-s.node.built:
	default:
		return errors.New("starting: the model is being loaded, or a node below is not there yet")
	}
	return s.below.check()
}
