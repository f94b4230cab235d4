package pipeline

import (
	"fmt"
	"slices"
	"sync"
)

// Loss is what became of frames that ended on a node without a result: they were refused, dropped, expired or lost there. A
// node tells it at once, by way of end, to whoever waits for their answers; the ledgers count it anyway.
type Loss struct {
	NodeID
	Outcome Outcome
	Frames  IDs
}

// ParseLoss reads the name of an outcome that leaves a frame without a result. The error is ErrInvalidRun.
func ParseLoss(name string) (Outcome, error) {
	for _, o := range []Outcome{Refused, Dropped, Expired, Lost} {
		if o.String() == name {
			return o, nil
		}
	}
	return 0, fmt.Errorf("%w: %q is not how a frame ends without a result", ErrInvalidRun, name)
}

// Losses are those that wait to be told, in bounded memory. Several goroutines may use them.
type Losses struct {
	mu   sync.Mutex
	wait []Loss
}

// MaxLosses is how many losses wait at most, MaxLossRanges how many ranges of frames each has, and MaxLossFrames how many frames
// these are. What finds no place is not told: who waits for those frames learns it from the clock.
const (
	MaxLosses     = 64
	MaxLossRanges = 1024
	MaxLossFrames = 1 << 16
)

// Add takes note of what became of frames on a node.
func (l *Losses) Add(more ...Loss) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range more {
		l.add(m)
	}
}

// add is Add of one. Call it with l.mu held.
func (l *Losses) add(m Loss) {
	for i := range l.wait {
		if w := &l.wait[i]; w.NodeID == m.NodeID && w.Outcome == m.Outcome {
			w.Frames = w.Frames.and(m.Frames).newest(MaxLossRanges).latest(MaxLossFrames)
			return
		}
	}
	if len(l.wait) < MaxLosses {
		m.Frames = slices.Clone(m.Frames.newest(MaxLossRanges).latest(MaxLossFrames)) // it is changed
		l.wait = append(l.wait, m)
	}
}

// Waiting reports whether any wait.
func (l *Losses) Waiting() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.wait) > 0
}

// Take returns what waits, and forgets it.
func (l *Losses) Take() []Loss {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.wait
	l.wait = nil
	return all
}

// and is the ids of both sets. It may change the first.
func (s IDs) and(more IDs) IDs {
	if len(more) == 1 && more[0][0] == more[0][1] {
		return s.with(more[0][0])
	}
	return rangesOf(union(s, more))
}

// IDsOf is the set of the frames' ids.
func IDsOf(frames ...Frame) (ids IDs) {
	for i := range frames {
		ids = ids.with(frames[i].ID)
	}
	return ids
}
