package pipeline

import (
	"sync"
	"time"

	"tandem/strategy"
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
	mu         sync.Mutex
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
func (t *timing) came(frames int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
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

// inform fills in what the strategy may know of this node.
func (t *timing) inform(s *strategy.Situation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.Head, s.Tail, s.Interval = t.head.mean, t.tail.mean, t.interval.mean
}

// tell fills in an answer.
func (t *timing) tell(f *Feedback) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f.Service, f.Spread = t.service.mean, t.service.deviation
}

// show fills in a status.
func (t *timing) show(s *Status) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.ServiceMS, s.SpreadMS, s.WaitMS = milliseconds(t.service.mean), milliseconds(t.service.deviation), milliseconds(t.wait)
}
