package monitor

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// Readiness knows whether the nodes below answer. Whoever asks often gets the same answer for a moment, so that probes
// never become load for the neighbours, and whoever asks meanwhile waits for the same one.
type Readiness struct {
	asking singleflight.Group

	mu    sync.Mutex                                  // never held while the nodes are asked
	ask   func(context.Context) (needed, other error) // the nodes below; nil: there are none, or none is known yet
	last  readiness
	asked time.Time
	since int // how often Forget was called: an answer from before it is not kept
}

// readiness is an answer: why nodes below are missing that are needed, which are end and one next node, and why others are.
type readiness struct{ needed, other error }

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
	answer, _, _ := r.asking.Do("", func() (any, error) { return r.check(), nil })
	is := answer.(readiness)
	return is.needed, is.other
}

func (r *Readiness) check() readiness {
	r.mu.Lock()
	ask, is, asked, since := r.ask, r.last, r.asked, r.since
	r.mu.Unlock()
	if ask == nil || !asked.IsZero() && time.Since(asked) <= readyFor {
		return is
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyTime) // another reader may wait for it, too
	defer cancel()
	is.needed, is.other = ask(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.since == since {
		r.last, r.asked = is, time.Now()
	}
	return is
}

// Forget makes the next answer a new one.
func (r *Readiness) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = time.Time{}
	r.since++
	r.asking.Forget("")
}
