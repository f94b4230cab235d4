package pipeline

import (
	"sync"
	"time"
)

// ewma is an exponentially weighted moving average and the mean deviation from it, with the weights that TCP gives its
// round trips (RFC 6298).
type ewma struct{ mean, deviation time.Duration }

func (a *ewma) add(d time.Duration) {
	if a.mean == 0 {
		a.mean, a.deviation = d, d/2
		return
	}
	off := d - a.mean
	a.mean += off / 8
	a.deviation += (max(off, -off) - a.deviation) / 4
}

// timing is what a stage measures of itself. The loop writes it, and answers carry it to the node above.
type timing struct {
	mu sync.Mutex
	figures
}

type figures struct {
	service    ewma          // of a frame in the layers
	head, tail ewma          // of the parts
	wait       time.Duration // of the frame that last left the queue
	interval   ewma          // between frames that are offered
	offered    time.Time     // when the last one was
}

// ran adds a frame that spent so long in the layers [from, to).
func (t *timing) ran(took time.Duration, from, to, cut int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.service.add(took)
	switch {
	case to <= cut:
		t.head.add(took)
	case from >= cut:
		t.tail.add(took)
	default: // both: what the head usually takes is not the tail's
		t.tail.add(max(took-t.head.mean, 0))
	}
}

// came adds frames that were offered together.
func (t *timing) came(now time.Time, frames int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if frames > 0 && !t.offered.IsZero() {
		t.interval.add(now.Sub(t.offered) / time.Duration(frames))
	}
	t.offered = now
}

func (t *timing) waited(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wait = d
}

func (t *timing) read() figures {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.figures
}
