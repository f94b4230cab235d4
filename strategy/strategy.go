// Package strategy decides, frame by frame, where the work goes.
//
// The fast node asks its strategy before every frame and tells it every answer that comes back from the slow node:
//
//	          Next(Situation) Decision
//	stage ───────────────────────────────▶ strategy
//	loop  ◀── forward: head here, activation to slow
//	      ◀── finish:  head and tail here, result to end
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
	Observe(Feedback)        // one answer from downstream
}

// Situation is what the stage knows when a frame is about to run.
type Situation struct {
	Now      time.Duration // since the run began
	Backlog  int           // frames that wait in the own queue behind this one
	Resident bool          // whether the tail is in memory, so that finishing costs no switch
}

// Decision says what becomes of one frame and of the tail's memory after it.
type Decision struct {
	Finish bool // run head and tail here and send the result to end; otherwise run the head and forward
	Hold   bool // keep the tail resident after this frame; Finish makes it resident first where it is not
}

// Feedback is the answer to one frame.
type Feedback struct {
	Accepted bool          // false: refused, the frame is gone
	Length   int           // frames in the answering node's queue, this one included
	Capacity int           // places in that queue; 0: the node has none
	Service  time.Duration // how long that node worked on its last frame; 0: none yet
}

// Overloaded reports whether the node had no place for the frame.
func (f Feedback) Overloaded() bool { return !f.Accepted }
