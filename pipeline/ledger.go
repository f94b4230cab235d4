package pipeline

import (
	"maps"
	"slices"
	"sync"
	"time"

	"tandem/strategy"
)

// Outcome is what a ledger counts frames by.
type Outcome int

// A frame is received once and then has one of the other outcomes, or is still here.
const (
	Received  Outcome = iota // offered to this node
	Refused                  // the queue had no place
	Dropped                  // it was the oldest in a full queue, and had to go for a newer one
	Expired                  // it was too old when its turn came
	Forwarded                // handed to the next node with layers left to apply
	Finished                 // the last layer ran here, and end has the result; on end: recorded
	Lost                     // neither: the executor failed, or the neighbour did not take it
	outcomes
)

// Ledger is one node's count of every frame of a run:
//
//	received = refused + dropped + expired + forwarded + finished + lost + still here
//
// It may be used by several goroutines.
type Ledger struct {
	mu       sync.Mutex
	frames   [outcomes]int64
	switches int64
	switched time.Duration
	busy     time.Duration
	doubts   IDs
	reasons  map[strategy.Reason]int64
	states   map[State]time.Duration
	state    State // empty: in none yet
	entered  time.Time
}

// State is what a node that has somebody to forward to is about.
type State string

// The states. A node stays in one until a decision takes it to another.
const (
	Forwarding State = "forwarding" // the last frame went, or is to go, to a slow node
	Finishing  State = "finishing"  // the last frame was finished here
	Switching  State = "switching"  // the tail is being made resident
	HopDown    State = "hop down"   // no slow node answers
)

// Enter takes note that the node is in a state from now on.
func (l *Ledger) Enter(s State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s != l.state {
		l.leave(time.Now(), s)
	}
}

// leave adds up the time in the state that ends. Call it with l.mu held.
func (l *Ledger) leave(now time.Time, next State) {
	if l.states == nil {
		l.states = make(map[State]time.Duration)
	}
	if l.state != "" {
		l.states[l.state] += now.Sub(l.entered)
	}
	l.state, l.entered = next, now
}

// State is the one that the node is in; empty: it has none.
func (l *Ledger) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// shares returns the percentage of time in each state. Call it with l.mu held.
func (l *Ledger) shares() map[State]float64 {
	if l.state == "" {
		return nil
	}
	l.leave(time.Now(), l.state)
	var all time.Duration
	for _, d := range l.states {
		all += d
	}
	shares := make(map[State]float64)
	for s, d := range l.states {
		shares[s] = 100 * float64(d) / float64(max(all, 1))
	}
	return shares
}

// Decide counts a decision by its reason; a strategy that gives none is not counted.
func (l *Ledger) Decide(why strategy.Reason) {
	if why == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reasons == nil {
		l.reasons = make(map[strategy.Reason]int64)
	}
	l.reasons[why]++
}

// Count adds n frames of one outcome.
func (l *Ledger) Count(o Outcome, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frames[o] += int64(n)
}

// Lose counts frames that a neighbour has not taken, as far as is known.
func (l *Ledger) Lose(frames []Frame, why error) {
	l.Count(Lost, len(frames))
	if doubtful(why) {
		l.doubt(frames)
	}
}

// doubt remembers frames that may be counted elsewhere too, so that end can count them once.
func (l *Ledger) doubt(frames []Frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range frames {
		l.doubts.add(frames[i].ID)
	}
}

// Doubts are the frames that may be counted elsewhere too.
func (l *Ledger) Doubts() IDs {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.doubts)
}

// Here is the number of frames that are on the node.
func (l *Ledger) Here() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	here := l.frames[Received]
	for _, gone := range l.frames[Received+1:] {
		here -= gone
	}
	return int(here)
}

// Switch counts one switch and how long it took.
func (l *Ledger) Switch(took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.switches++
	l.switched += took
}

// Busy adds time in which layers ran.
func (l *Ledger) Busy(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy += d
}

// Entry takes the ledger's state.
func (l *Ledger) Entry() Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Entry{
		Received:  l.frames[Received],
		Refused:   l.frames[Refused],
		Dropped:   l.frames[Dropped],
		Expired:   l.frames[Expired],
		Forwarded: l.frames[Forwarded],
		Finished:  l.frames[Finished],
		Lost:      l.frames[Lost],
		Switches:  l.switches,
		SwitchMS:  milliseconds(l.switched),
		BusyMS:    milliseconds(l.busy),
		Decisions: maps.Clone(l.reasons),
		States:    l.shares(),
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// soFar is what a trace shows of the ledger.
func (l *Ledger) soFar() (refused, switches int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.frames[Refused], l.switches
}
