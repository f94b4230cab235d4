package pipeline

import (
	"fmt"
	"maps"
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
	Forwarded                // handed to the next node with layers left to apply
	Finished                 // the last layer ran here, and end has the result; on end: recorded
	Lost                     // neither: the executor failed, or the neighbour did not take it
	outcomes
)

// Ledger is one node's count of every frame of a run:
//
//	received = refused + forwarded + finished + lost + still here
//
// It may be used by several goroutines.
type Ledger struct {
	mu       sync.Mutex
	frames   [outcomes]int64
	switches int64
	switched time.Duration
	busy     time.Duration
	reasons  map[strategy.Reason]int64
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

// Here is the number of frames that are on the node.
func (l *Ledger) Here() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int(l.frames[Received] - l.frames[Refused] - l.frames[Forwarded] - l.frames[Finished] - l.frames[Lost])
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

// Entry is what a node adds to the run's report.
type Entry struct {
	NodeID
	Received  int64   `json:"received"`
	Refused   int64   `json:"refused"`
	Forwarded int64   `json:"forwarded"`
	Finished  int64   `json:"finished"`
	Lost      int64   `json:"lost"`
	Switches  int64   `json:"switches"`
	SwitchMS  float64 `json:"switch_ms"` // all switches together
	BusyMS    float64 `json:"busy_ms"`   // time in which layers ran
	QueuePeak int     `json:"queue_peak"`
	// Decisions are the strategy's, by reason.
	Decisions map[strategy.Reason]int64 `json:"decisions,omitempty"`
	Emulate   string                    `json:"emulate,omitempty"` // fast and slow: the device that is emulated, or "off"
}

func (e Entry) String() string {
	return fmt.Sprintf("%v: received %d, refused %d, forwarded %d, finished %d, lost %d",
		e.NodeID, e.Received, e.Refused, e.Forwarded, e.Finished, e.Lost)
}

// Here is the number of frames that are still on the node.
func (e Entry) Here() int64 { return e.Received - e.Refused - e.Forwarded - e.Finished - e.Lost }

// Entry takes the ledger's state.
func (l *Ledger) Entry() Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Entry{
		Received:  l.frames[Received],
		Refused:   l.frames[Refused],
		Forwarded: l.frames[Forwarded],
		Finished:  l.frames[Finished],
		Lost:      l.frames[Lost],
		Switches:  l.switches,
		SwitchMS:  milliseconds(l.switched),
		BusyMS:    milliseconds(l.busy),
		Decisions: maps.Clone(l.reasons),
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
