package pipeline

import (
	"maps"
	"sync"
	"time"

	"tandem/strategy"
)

// Ledger is one node's count of every frame of a run, and of how the node spent its time. It may be used by several
// goroutines.
type Ledger struct {
	mu             sync.Mutex
	frames         Outcomes
	switches       int64
	switched, busy time.Duration
	reasons        map[strategy.Reason]int64
	states         map[State]time.Duration
	state          State // empty: in none yet
	entered        time.Time
}

// State is what a node that may forward frames is doing.
type State string

// The states. A node stays in one until a decision takes it to another.
const (
	Forwarding State = "forwarding" // the last frame went, or is to go, to a slow node
	Finishing  State = "finishing"  // the last frame was finished here
	Switching  State = "switching"  // the tail is being made resident
	HopDown    State = "hop down"   // no slow node answers
)

// States are all of them, the graver ones later.
var States = []State{Forwarding, Finishing, Switching, HopDown}

// Decide takes note of a decision: the state that it leads to, and its reason, if the strategy gives one.
func (l *Ledger) Decide(now time.Time, s State, why strategy.Reason) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == "" {
		l.state, l.entered = s, now
		l.states, l.reasons = make(map[State]time.Duration), make(map[strategy.Reason]int64)
	}
	l.enter(now, s)
	if why != "" {
		l.reasons[why]++
	}
}

// enter adds up the time in the present state, and takes the next. Call it with l.mu held.
func (l *Ledger) enter(now time.Time, next State) {
	l.states[l.state] += now.Sub(l.entered)
	l.state, l.entered = next, now
}

// State is the one that the node is in; empty: it has not decided anything yet, or has nobody to forward to.
func (l *Ledger) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// shares returns the percentage of time in each state. Call it with l.mu held.
func (l *Ledger) shares(now time.Time) map[State]float64 {
	if l.state == "" {
		return nil
	}
	l.enter(now, l.state)
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

// Count adds n frames of one outcome.
func (l *Ledger) Count(o Outcome, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*l.frames.Of(o) += int64(n)
}

// Skip counts n pictures that a client receives, and that become no frames.
func (l *Ledger) Skip(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frames.Received += int64(n)
	l.frames.Skipped += int64(n)
}

// Here is the number of frames that are on the node.
func (l *Ledger) Here() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int(l.frames.Here())
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

// Entry takes the ledger's state as it is at a moment.
func (l *Ledger) Entry(now time.Time) Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Entry{
		Outcomes:  l.frames,
		Switches:  l.switches,
		SwitchMS:  milliseconds(l.switched),
		BusyMS:    milliseconds(l.busy),
		Decisions: maps.Clone(l.reasons),
		States:    l.shares(now),
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
