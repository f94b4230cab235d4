package pipeline

import (
	"context"
	"errors"
	"slices"
	"time"

	"tandem/strategy"
)

// Hopper is a Sender to a node whose state matters to the strategy.
type Hopper interface {
	Sender
	Up() bool                 // it answers
	BytesInFlight() int       // of data on its way, without an answer
	RoundTrip() time.Duration // of a call, smoothed; 0: not yet known
	Pace() time.Duration      // what the link takes for a frame; 0: not yet known
	Losses() int              // how often it has forgotten the run, and all its frames
}

// branch is the way to one of the next nodes, and the frames that are on it. Where the strategy keeps frames they stay
// in custody until the next node has surely handed them on:
//
//	stage ──▶ hop: in flight ──▶ accepted: held ──▶ handed on: forgotten here
//	  ▲             │ refused, no answer   │ next was started again
//	  └─── back ────┴──────────────────────┘
//
// The loop owns it.
type branch struct {
	to       Hopper
	hop      *Hop
	inFlight int     // frames that have gone to it and are not yet answered
	held     []Frame // frames that it has accepted and may still lose, oldest first
	losses   int     // of its Losses, those that are made good
	refused  int64   // its answers that refused a frame
}

// reply is what a next node has answered to one call, and the frames that came back.
type reply struct {
	from     int // index of the branch
	answers  []Feedback
	back     []Frame
	accepted []Frame // to be held
}

// startBranches starts a hop to every next node.
func (s *Stage) startBranches(ctx context.Context) {
	for i, to := range s.c.Next {
		s.branches = append(s.branches, &branch{to: to, hop: StartHop(ctx, HopConfig{
			Sender: to, Window: s.c.Window,
			Done: func(frames []Frame, answers []Feedback, err error) {
				r := s.forwarded(frames, answers, err, ctx.Err() != nil)
				r.from = i
				s.replies <- r
			},
		})})
	}
}

// forwarded counts frames that have gone to a next node, and keeps back those that shall not be gone.
func (s *Stage) forwarded(frames []Frame, answers []Feedback, err error, aborted bool) reply {
	now := time.Since(s.start)
	var r reply
	for i, f := range frames {
		a := Feedback{Lost: true, Draining: errors.Is(err, ErrStopping)}
		if err == nil {
			a = answers[i]
		}
		a.Now = now
		r.answers = append(r.answers, a)
		switch {
		case !a.Accepted && s.c.Keeps && !aborted && !permanent(err):
			r.back = append(r.back, f)
			if doubtful(err) {
				s.ledger.doubt(frames[i : i+1])
			}
		case err != nil:
			s.unsent(frames[i:i+1], err)
		default:
			s.ledger.Count(Forwarded, 1)
			s.fates.pass(f)
			if s.c.Keeps {
				r.accepted = append(r.accepted, f)
			}
		}
	}
	return r
}

// hear takes in what a next node has answered.
func (s *Stage) hear(r reply) {
	b := s.branches[r.from]
	b.inFlight -= len(r.answers)
	s.back = append(s.back, r.back...)
	b.held = append(b.held, r.accepted...)
	s.see(r.from)
	for _, a := range r.answers {
		if !a.Accepted && !a.Lost {
			b.refused++
		}
		s.fleet.Observe(r.from, a)
		s.c.Strategy.Observe(a)
		if !a.Lost { // a queue is first in, first out: what is no longer there is the oldest
			here := min(max(a.Here, 0), len(b.held))
			b.held = slices.Delete(b.held, 0, max(0, len(b.held)-here-outOfOrder))
		}
	}
}

// outOfOrder is how many frames may leave a node before ones that came earlier.
const outOfOrder = 2 * maxCallFrames

// see tells the fleet what can be seen of a branch from here.
func (s *Stage) see(i int) {
	b := s.branches[i]
	s.fleet.See(i, strategy.Neighbour{
		Up: b.to.Up(), InFlight: b.inFlight, BytesInFlight: b.to.BytesInFlight(), RoundTrip: b.to.RoundTrip(), Pace: b.to.Pace(),
	})
}

// recover takes back the frames that a next node has accepted and forgotten: it was started again, or, at the end of the
// run, does not come back. Some of them may have reached end, which knows them.
func (s *Stage) recover(ending bool) {
	for _, b := range s.branches {
		losses := b.to.Losses()
		if losses == b.losses && !(ending && !b.to.Up()) {
			continue
		}
		b.losses = losses
		s.ledger.Count(Forwarded, -len(b.held))
		s.ledger.doubt(b.held)
		s.fates.takeBack(b.held)
		s.back = append(b.held, s.back...)
		b.held = nil
	}
}

// inFlight is the number of frames on their way to next nodes, without an answer.
func (s *Stage) inFlight() int {
	n := 0
	for _, b := range s.branches {
		n += b.inFlight
	}
	return n
}
