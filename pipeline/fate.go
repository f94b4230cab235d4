package pipeline

import (
	"fmt"
	"slices"
	"sync"
)

// Fate is what became of frames that ended on a node without a result: they were refused, dropped, expired or lost there. A
// node tells it at once, by way of end, to whoever waits for their answers; the ledgers count it anyway.
type Fate struct {
	NodeID
	Outcome Outcome
	Frames  IDs
}

// ParseFate reads the name of an outcome that leaves a frame without a result. The error is ErrInvalidRun.
func ParseFate(name string) (Outcome, error) {
	for _, o := range []Outcome{Refused, Dropped, Expired, Lost} {
		if o.String() == name {
			return o, nil
		}
	}
	return 0, fmt.Errorf("%w: %q is not how a frame ends without a result", ErrInvalidRun, name)
}

// Fates are those that wait to be told, in bounded memory. Several goroutines may use them.
type Fates struct {
	mu   sync.Mutex
	wait []Fate
}

// MaxFates is how many fates wait at most, MaxFateRanges how many ranges of frames each has, and MaxFateFrames how many frames
// these are. What finds no place is not told: who waits for those frames learns it from the clock.
const (
	MaxFates      = 64
	MaxFateRanges = 1024
	MaxFateFrames = 1 << 16
)

// Add takes note of what became of frames on a node.
func (f *Fates) Add(more ...Fate) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range more {
		f.add(m)
	}
}

// add is Add of one. Call it with f.mu held.
func (f *Fates) add(m Fate) {
	for i := range f.wait {
		if w := &f.wait[i]; w.NodeID == m.NodeID && w.Outcome == m.Outcome {
			w.Frames = w.Frames.and(m.Frames).newest(MaxFateRanges).latest(MaxFateFrames)
			return
		}
	}
	if len(f.wait) < MaxFates {
		m.Frames = slices.Clone(m.Frames.newest(MaxFateRanges).latest(MaxFateFrames)) // it is changed
		f.wait = append(f.wait, m)
	}
}

// Waiting reports whether any wait.
func (f *Fates) Waiting() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.wait) > 0
}

// Take returns what waits, and forgets it.
func (f *Fates) Take() []Fate {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.wait
	f.wait = nil
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
