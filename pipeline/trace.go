package pipeline

import (
	"time"

	"tandem/strategy"
)

// Decided is one decision of a strategy and what was known when it was made: a line of a trace.
type Decided struct {
	Node     string          `json:"node"` // its role
	AtMS     float64         `json:"t_ms"` // since the run began on the node
	Frame    uint64          `json:"frame"`
	Decision string          `json:"decision"` // forward, finish or wait
	Reason   strategy.Reason `json:"reason,omitempty"`
	To       int             `json:"to"` // the slow node that a forwarded frame goes to, as its place in Slow; -1: there is none
	State    State           `json:"state"`

	Backlog  int     `json:"backlog"`  // frames that wait in the own queue behind this one
	Capacity int     `json:"capacity"` // its places
	Resident bool    `json:"resident"`
	Loading  bool    `json:"loading"`
	HeadMS   float64 `json:"head_ms"`
	TailMS   float64 `json:"tail_ms"`
	Refused  int64   `json:"refused"` // frames that this node's own queue has refused so far
	Switches int64   `json:"switches"`

	Slow []SlowNode `json:"slow"` // one that has left is not up, until another takes its place
}

// SlowNode is what was known of one slow node.
type SlowNode struct {
	Up          bool    `json:"up"`
	InFlight    int     `json:"in_flight"` // frames on their way, without an answer
	Length      int     `json:"length"`    // of its queue, in its newest answer
	Queue       int     `json:"queue"`     // its places
	ServiceMS   float64 `json:"service_ms"`
	RoundTripMS float64 `json:"round_trip_ms"`
	PaceMS      float64 `json:"pace_ms"`   // what the link takes for a frame
	QueuedMS    float64 `json:"queued_ms"` // the work that it should still have
	Refused     int64   `json:"refused"`   // frames that it has refused so far
}

// note takes a decision into the ledger, with the state that it leads to, and into the trace.
func (s *Station) note(at time.Time, f *Frame, now strategy.Situation, w Way) {
	if !s.forwards() {
		return
	}
	state := Forwarding
	switch {
	case !now.Slow.Up:
		state = HopDown
	case s.loading || w.Finish && !now.Resident:
		state = Switching
	case w.Finish:
		state = Finishing
	}
	s.ledger.Decide(at, state, w.Reason)
	if s.c.Traced == nil {
		return
	}
	d := Decided{
		Node: s.c.ID.Role, AtMS: milliseconds(now.Now), Frame: f.ID, Decision: "forward", Reason: w.Reason, To: w.To, State: state,
		Backlog: now.Backlog, Capacity: now.Capacity, Resident: now.Resident, Loading: s.loading,
		HeadMS: milliseconds(now.Head), TailMS: milliseconds(now.Tail),
	}
	switch {
	case w.Wait > 0:
		d.Decision = "wait"
	case w.Finish:
		d.Decision = "finish"
	}
	so := s.ledger.Entry(at)
	d.Refused, d.Switches = so.Refused, so.Switches
	for i, b := range s.branches {
		if b.gone {
			d.Slow = append(d.Slow, SlowNode{})
			continue
		}
		n, newest := s.see(b), s.fleet.Newest(i)
		d.Slow = append(d.Slow, SlowNode{
			Up: n.Up, InFlight: n.InFlight, Refused: b.refused,
			Length: newest.Length, Queue: newest.Capacity, ServiceMS: milliseconds(newest.Service),
			RoundTripMS: milliseconds(n.RoundTrip), PaceMS: milliseconds(n.Pace), QueuedMS: milliseconds(s.fleet.Queued(i, now.Now)),
		})
	}
	s.c.Traced(d)
}
