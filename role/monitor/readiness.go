package monitor

import (
	"context"
	"sync"
	"time"
)

// Readiness knows whether the nodes below answer. Whoever asks often gets the same answer for a moment, so that probes
// never become load for the neighbours.
type Readiness struct {
	mu            sync.Mutex
	ask           func(context.Context) (needed, other error) // the nodes below; nil: there are none, or none is known yet
	needed, other error                                       // the last answer
	asked         time.Time
}

const (
	readyFor  = time.Second             // an answer holds
	readyTime = 1500 * time.Millisecond // a neighbour has for its answer
)

// Begin says who asks the nodes below.
func (r *Readiness) Begin(ask func(context.Context) (needed, other error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ask = ask
}

// Check returns why nodes below are missing that are needed, which are end and one next node, and why others are.
func (r *Readiness) Check() (needed, other error) {
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

// Forget makes the next answer a new one.
func (r *Readiness) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = time.Time{}
}
