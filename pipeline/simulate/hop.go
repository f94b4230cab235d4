package simulate

import (
	"time"

	"tandem/pipeline"
)

// The limits of a hop are those of pipeline's.
const (
	maxCallFrames = 16
	maxCallBytes  = 1 << 20
	callGap       = 2 * time.Millisecond
)

// hop carries frames to one neighbour, as pipeline.Hop does: so many calls at once, a gap between their starts, and what waits
// when one starts goes with it.
//
//	offer ──▶ [ at most 16 wait ] ──▶ window × { call } ──▶ neighbour
type hop struct {
	clock *clock
	edge  *edge
	out   []pipeline.Frame
	first pipeline.Frame     // taken by the call that is about to start
	due   bool               // it is
	idle  int                // calls that may start
	last  time.Time          // when one did
	moved func()             // there is a place again
	spare [][]pipeline.Frame // of calls that are over, kept for their memory
	// done is told what became of the frames of one call. The call is over once free was called.
	done func(frames []pipeline.Frame, answers []pipeline.Feedback, life string, err error, free func())
}

func (s *simulation) newHop(e *edge) *hop {
	return &hop{clock: s.clock, edge: e, idle: window, moved: func() {}, last: epoch.Add(-callGap)}
}

// window is how many calls are under way at once.
const window = 4

// offer takes a frame where there is a place.
func (h *hop) offer(f pipeline.Frame) bool {
	if len(h.out) == maxCallFrames {
		return false
	}
	h.out = append(h.out, f)
	h.pump()
	return true
}

func (h *hop) pump() {
	if h.due || h.idle == 0 || len(h.out) == 0 {
		return
	}
	h.due = true
	h.idle--
	h.first = h.take()
	if wait := callGap - h.clock.now.Sub(h.last); wait > 0 {
		h.clock.after(wait, h.start)
	} else {
		h.start()
	}
}

func (h *hop) take() pipeline.Frame {
	f := h.out[0]
	h.out = h.out[:copy(h.out, h.out[1:])]
	return f
}

// start starts the call that is due, with what waits.
func (h *hop) start() {
	var frames []pipeline.Frame
	if n := len(h.spare); n > 0 {
		frames, h.spare = h.spare[n-1], h.spare[:n-1]
	}
	frames = append(frames, h.first)
	for bytes := 4 * len(h.first.Data); len(h.out) > 0 && len(frames) < maxCallFrames && bytes < maxCallBytes; {
		f := h.take()
		bytes += 4 * len(f.Data)
		frames = append(frames, f)
	}
	h.first, h.due, h.last = pipeline.Frame{}, false, h.clock.now
	h.edge.call(frames, func(answers []pipeline.Feedback, life string, err error) {
		h.done(frames, answers, life, err, func() {
			clear(frames) // their memory
			h.spare = append(h.spare, frames[:0])
			h.idle++
			h.pump()
		})
	})
	h.pump()
	h.clock.after(0, h.moved)
}

// empty reports whether nothing waits and no call is under way.
func (h *hop) empty() bool { return len(h.out) == 0 && !h.due && h.idle == window }
