package pipeline

import (
	"math"
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

// mean is the mean of what was added, and the mean deviation from it.
type mean struct {
	n        int64
	sum, off float64 // nanoseconds
}

func (m *mean) add(d time.Duration) {
	m.n++
	m.sum += float64(d)
	m.off += math.Abs(float64(d) - m.sum/float64(m.n))
}

// milliseconds are the mean and the mean deviation; 0 where nothing was added.
func (m *mean) milliseconds() (all, off float64) {
	n := max(1, float64(m.n))
	round := func(ns float64) float64 { return math.Round(ns/n/1e3) / 1e3 }
	return round(m.sum), round(m.off)
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
	heads      mean          // of the whole run
	tails      mean
	slowdown   float64         // how many times as long as expected layers take (EWMA); 0: not known
	until      []time.Duration // what the layers before each one are expected to take; none: nothing is
}

// ran adds a frame that spent so long in the layers [from, to).
func (t *timing) ran(took time.Duration, from, to, cut int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.service.add(took)
	t.slower(took, from, to)
	switch {
	case to <= cut:
		t.head.add(took)
		t.heads.add(took)
	case from >= cut:
		t.tail.add(took)
		t.tails.add(took)
	default: // both: what the head usually takes is not the tail's
		t.tail.add(max(took-t.head.mean, 0))
		t.tails.add(max(took-t.head.mean, 0))
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

// measured is what the whole run tells.
func (t *timing) measured() (m Measured) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m.HeadMS, m.HeadSpreadMS = t.heads.milliseconds()
	m.TailMS, m.TailSpreadMS = t.tails.milliseconds()
	return m
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
