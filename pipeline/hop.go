package pipeline

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"tandem/strategy"
)

// Feedback is the answer to one frame.
type Feedback = strategy.Feedback

// Sender takes frames to one neighbour and brings back its answers, one for each frame and in their order. It may be
// called by several goroutines at once, and bounds its own waiting. An error means that none of the frames is known to
// have arrived.
type Sender interface {
	Send(context.Context, []Frame) ([]Feedback, error)
}

// A hop that finds several frames waiting sends them in one call, up to these limits, and it leaves a gap between the
// starts of calls: the cost of a call is shared when it matters, and frames that come less often wait for nothing.
const (
	maxCallFrames = 16
	maxCallBytes  = 1 << 20
	callGap       = 2 * time.Millisecond
)

// Pauses between a call that failed and the next try are drawn about a mean that grows from the least to the longest.
const (
	leastPause   = 100 * time.Millisecond
	longestPause = time.Second
)

// Hop carries frames to one neighbour with a window of calls under way at once, and counts what became of each.
//
//	Out() ──▶ [ at most 16 wait ] ──▶ window × { Send } ──▶ neighbour
//	                                        │
//	                                        └──▶ Done(answers)
type Hop struct {
	out    chan Frame
	turn   chan time.Time // holds the start of the last call; who has taken it may start the next
	probe  chan struct{}  // holds one; who has taken it makes the one call of a half-open circuit
	worker sync.WaitGroup
}

// HopConfig is what a hop needs.
type HopConfig struct {
	Sender Sender
	Window int // calls under way at once
	// Persist: send again until the neighbour answers or the context ends. The hop then fills, and what fills it waits.
	Persist bool
	// Done is told what became of the frames of one call: an answer for each, or an error, and then none is known to have
	// arrived. It counts them, may block, is called by several goroutines, and may not keep the slices.
	Done func(frames []Frame, answers []Feedback, err error)
}

// StartHop starts the hop's goroutines; Close ends them. The context cuts calls short; it is not what ends a run.
func StartHop(ctx context.Context, c HopConfig) *Hop {
	h := &Hop{out: make(chan Frame, maxCallFrames), turn: make(chan time.Time, 1), probe: make(chan struct{}, 1)}
	h.turn <- time.Time{}
	h.probe <- struct{}{}
	for range c.Window {
		h.worker.Go(func() { h.carry(ctx, c) })
	}
	return h
}

// Out is where frames enter the hop. Only one goroutine may send, and it must be the one that calls Close.
func (h *Hop) Out() chan<- Frame { return h.out }

// Clear waits until nothing waits here, so that the next frame leaves at once, or until the context ends. Only the goroutine
// that sends may call it.
func (h *Hop) Clear(ctx context.Context) {
	for len(h.out) > 0 && ctx.Err() == nil {
		time.Sleep(callGap)
	}
}

// Close ends the intake; what waits is still sent.
func (h *Hop) Close() { close(h.out) }

// Wait returns when every call has returned. Call Close before.
func (h *Hop) Wait() { h.worker.Wait() }

func (h *Hop) carry(ctx context.Context, c HopConfig) {
	batch := make([]Frame, 0, maxCallFrames)
	for {
		last := <-h.turn
		f, open := <-h.out
		if !open {
			h.turn <- last
			return
		}
		time.Sleep(callGap - time.Since(last))
		batch = gather(append(batch[:0], f), h.out, maxCallFrames, maxCallBytes)
		h.turn <- time.Now()
		h.send(ctx, c, batch)
		clear(batch) // their memory
	}
}

// send makes one call. Where one frame of several is invalid the others shall not suffer for it, so each goes again by
// itself.
func (h *Hop) send(ctx context.Context, c HopConfig, batch []Frame) {
	answers, err := c.Sender.Send(ctx, batch)
	if c.Persist && err != nil && !permanent(err) && ctx.Err() == nil {
		answers, err = h.retry(ctx, c.Sender, batch, err)
	}
	if errors.Is(err, ErrInvalidFrame) && len(batch) > 1 {
		for i := range batch {
			h.send(ctx, c, batch[i:i+1])
		}
		return
	}
	c.Done(batch, answers, err)
}

// retry makes a call again that has failed (retry with exponential backoff), until it is answered or the context ends. The
// hop's calls share a circuit breaker: while it is not closed one of them is made at a time, so that a neighbour in
// trouble, or one that has just come back, is not stormed.
//
//	        a call fails                    after a pause, one call at a time
//	closed ─────────────▶ open ──────────────────────────────────────────────▶ half-open
//	  ▲                     ▲                                                      │  │
//	  │                     └─────────────────── it fails, too ────────────────────┘  │
//	  └────────────────────────────────── it is answered ─────────────────────────────┘
func (h *Hop) retry(ctx context.Context, to Sender, batch []Frame, err error) (answers []Feedback, _ error) {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = leastPause, longestPause
	for {
		if err == nil || permanent(err) || !h.halfOpen(ctx, pauses.NextBackOff()) {
			break
		}
		answers, err = to.Send(ctx, batch)
		h.probe <- struct{}{}
	}
	return answers, err
}

// halfOpen waits, and then for the turn to make the one call; the caller gives the probe back. It reports false where the
// context ends before.
func (h *Hop) halfOpen(ctx context.Context, pause time.Duration) bool {
	select {
	case <-time.After(pause):
	case <-ctx.Done():
		return false
	}
	select {
	case <-h.probe:
		return true
	case <-ctx.Done():
		return false
	}
}
