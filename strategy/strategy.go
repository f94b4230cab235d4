// Package strategy decides, frame by frame, where the work goes.
//
// The fast node asks its strategy before every frame and tells it every answer that comes back from the slow node:
//
//	          Next(Situation) Decision
//	stage ───────────────────────────────▶ strategy
//	loop  ◀── forward: head here, activation to slow
//	      ◀── finish:  head and tail here, result to end
//	      ◀── wait:    ask again in a moment
//	      ───────────────────────────────▶
//	          Observe(Feedback)
//
// Everything here is pure: no I/O, no clock, no goroutine, no lock. Time comes in as an argument, so a strategy is
// tested by a trace: a string of frames and overloads in, a string of decisions out.
//
// A new strategy is one new file and one line in registry.go.
package strategy

import "time"

// Strategy decides, frame by frame, where the work goes. One goroutine, the fast stage, calls it; it needs no locking.
type Strategy interface {
	Next(Situation) Decision // for the frame about to run
	Observe(Feedback)        // one answer from a slow node
}

// Situation is what the stage knows when a frame is about to run. Times are measured and smoothed (EWMA); 0 is not yet known.
type Situation struct {
	Now      time.Duration // since the run began
	Backlog  int           // frames that wait in the own queue behind this one
	Capacity int           // places in the own queue
	Interval time.Duration // between frames that are offered to it
	HeadDone bool          // the head has run already: slow sent the frame back

	Resident bool          // the tail is in memory, so that finishing costs no switch
	Head     time.Duration // what the head takes here
	Tail     time.Duration // what the tail takes here

	Slow Outlook // what the slow nodes have to offer
}

// Decision says what becomes of one frame and of the tail's memory after it.
type Decision struct {
	Finish bool // run head and tail here and send the result to end; otherwise run the head and forward
	Hold   bool // keep the tail resident after this frame; Finish makes it resident first where it is not
	Load   bool // begin to make the tail resident beside the work, where it is not

	// Wait is for how long at most to hold the frame back before asking again; an answer from slow ends it earlier. Not 0
	// makes the rest of the decision, but for Load and Reason, void.
	Wait time.Duration

	Reason Reason
}

// Reason says why a strategy decided as it did. Reports count decisions by it.
type Reason string

// The reasons. A strategy with a simple rule gives none.
const (
	SlowIsFree Reason = "slow is free"   // forwarded: slow would run dry otherwise
	SlowIsBusy Reason = "earlier here"   // finished: slow has enough to do until this node is back
	QueueFull  Reason = "queue full"     // finished or waiting: slow has no place
	HopDown    Reason = "hop down"       // finished or waiting: slow does not answer
	WarmingUp  Reason = "warming up"     // forwarded or waiting while the tail is being loaded
	NoCredit   Reason = "no credit"      // finished: slow has granted no more
	Granted    Reason = "credit granted" // forwarded
)

// Feedback is the answer to one frame. Times are measured by the answering node and smoothed (EWMA); 0 is not yet known.
type Feedback struct {
	Now       time.Duration // when the answer came, since the run began
	Accepted  bool          // false: refused
	Lost      bool          // there was no answer
	Busy      bool          // the queue has passed its high-water mark, or dropped another frame for this one
	Throttled bool          // the device has lowered its clock, for heat or want of power
	Length    int           // frames in the answering node's queue, this one included
	Capacity  int           // places in that queue; 0: the node has none
	Batch     int           // most frames that the node computes together; 0 counts as 1
	Service   time.Duration // what a frame takes there
	Spread    time.Duration // mean deviation of that
	Life      string        // of the answering node: another than before knows nothing of what that took

	// Number is an accepted frame's among those that this life of the node has admitted, and Left, in one answer of a call,
	// are the numbers of frames that are no longer there, as ranges [first, last]: it can't lose these any more.
	Number uint64
	Left   [][2]uint64
}

// Overloaded reports whether the node had no place for the frame, or will soon have none.
func (f Feedback) Overloaded() bool { return !f.Accepted || f.Busy }
