package pipeline

import (
	"fmt"
	"sync"
)

// fates are what a stage remembers of single frames. Its ledger counts them, and counts are all that is needed as long
// as every call is answered. Where an answer is lost a frame may be counted by the node that gave it up and by the one
// that has it; ids tell.
type fates struct {
	mu     sync.Mutex
	closed bool
	seen   window // counted as received
	passed window // of these, those that a neighbour has taken
}

// suspects is how many of the newest frames are in doubt in any case: a node above that has fallen silent can't say so.
const suspects = 4096

// enter calls take for each frame, unless the stage is closed; take reports whether the frame is now counted as received.
// Of kept frames, those that came before are not taken twice. There is an answer for each.
func (f *fates) enter(frames []Frame, kept bool, take func(Frame) (a Feedback, received bool)) (answers []Feedback, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, fmt.Errorf("the stage is %w", ErrStopping)
	}
	answers = make([]Feedback, len(frames))
	for i := range frames {
		if kept && f.seen.has(frames[i].ID) { // the answer to the first time was lost
			answers[i].Accepted = true
			continue
		}
		var received bool
		if answers[i], received = take(frames[i]); received {
			f.seen.add(frames[i].ID)
		}
	}
	return answers, nil
}

// pass remembers frames that a neighbour has taken.
func (f *fates) pass(frames ...Frame) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range frames {
		f.passed.add(frames[i].ID)
	}
}

// takeBack makes them the stage's own again.
func (f *fates) takeBack(frames []Frame) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range frames {
		f.passed.remove(frames[i].ID)
	}
}

// close ends the intake: what comes later has not arrived.
func (f *fates) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
}

// denied returns those of the frames in doubt that were here, and that nobody has taken. Ask when the stage is empty.
func (f *fates) denied(doubts ...IDs) IDs {
	f.mu.Lock()
	defer f.mu.Unlock()
	newest := f.seen.newest()
	doubts = append(doubts, IDs{{max(newest, suspects) - suspects, newest}})
	var gone IDs
	for _, ids := range bounded(doubts) {
		for id := range ids.all() {
			if f.seen.has(id) && !f.passed.has(id) {
				gone.add(id)
			}
		}
	}
	return gone
}
