package pipeline

import (
	"context"
	"slices"
	"time"

	"tandem/strategy"
)

// Hopper is a Sender to a node whose state matters to the strategy.
type Hopper interface {
	Sender
	Neighbour() strategy.Neighbour // as it is seen from here; the frames in flight are the stage's to count
	ID() NodeID                    // as reports call it
	Life() string                  // the present one; another than before has forgotten all frames
	Left(life string) bool         // it was stopped, and has handed on the frames that it had, or counted them
}

// branch is the way to one of the next nodes, and the frames that are on it. Where the strategy keeps frames, each stays
// here until the next node has surely handed it on:
//
//	stage ──▶ hop: in flight ──▶ accepted ──▶ handed on: forgotten here
//	  ▲             │ refused, no answer │ next was started again
//	  └─── back ────┴────────────────────┘
//
// The loop owns it.
type branch struct {
	index    int // its place among the branches of the station, and in its fleet
	to       Hopper
	hop      *Hop
	inFlight int        // frames that have gone to it and are not yet answered
	accepted []accepted // by it, which may still lose them
	life     string     // of the node, which has accepted them
	refused  int64      // its answers that refused a frame
	part     func()     // closes the way when nothing is on it any more; nil: the node does not leave
	gone     bool       // it has left: another may take its place
}

// accepted is a frame that a next node has taken.
type accepted struct {
	Frame
	number uint64 // there
}

// startHop starts the hop to a next node.
func (s *Stage) startHop(ctx context.Context, b *branch) {
	b.hop = StartHop(ctx, HopConfig{
		Sender: b.to, Window: s.c.Window,
		Done: func(frames []Frame, answers []Feedback, err error) {
			frames, at := slices.Clone(frames), time.Now()
			s.events <- func() {
				s.Answered(at, b.index, frames, answers, err, ctx.Err() != nil)
				s.partFrom(b)
			}
		},
	})
}

// Answered takes in what next node i answered to one call at a moment. It counts the frames, and keeps those that shall not
// be gone, unless the run is being aborted.
func (s *Station) Answered(at time.Time, i int, frames []Frame, answers []Feedback, err error, aborted bool) {
	b, since := s.branches[i], at.Sub(s.start)
	b.inFlight -= len(frames)
	s.takeBack(b, false)
	s.see(b)
	for i, f := range frames {
		a := Feedback{Lost: true}
		if err == nil {
			a = answers[i]
		}
		a.Now = since
		switch {
		case !a.Accepted && s.c.Keeps && !aborted && !permanent(err):
			s.back = append(s.back, f)
			s.buffer.Release(f)
		case err != nil:
			s.Lose(frames[i:i+1], err)
			s.buffer.Release(f)
		case s.c.Keeps && a.Life != b.life: // the life that has taken it is over
			s.back = append(s.back, f)
			s.buffer.Release(f)
			a = Feedback{Now: since, Lost: true}
		default:
			s.ledger.Count(Forwarded, 1)
			s.trail.Hand(b.to.ID(), a.Life, f)
			s.here.leave(f)
			if !s.c.Keeps {
				s.buffer.Release(f)
				break
			}
			s.buffer.keep(f)
			b.accepted = append(b.accepted, accepted{f, a.Number})
		}
		s.fleet.Observe(b.index, a)
		s.c.Strategy.Observe(a)
		if !a.Lost && !a.Accepted {
			b.refused++
		}
		if a.Life == b.life {
			s.forget(b, a.Left)
		}
	}
}

// forget forgets the frames that have left a next node, by the numbers that it has given them.
func (s *Station) forget(b *branch, left [][2]uint64) {
	if len(left) == 0 {
		return
	}
	b.accepted = slices.DeleteFunc(b.accepted, func(a accepted) bool {
		gone := slices.ContainsFunc(left, func(r [2]uint64) bool { return r[0] <= a.number && a.number <= r[1] })
		if gone {
			s.buffer.forget(a.Frame)
		}
		return gone
	})
}

// see tells the fleet what can be seen of a branch from here, and returns it.
func (s *Station) see(b *branch) strategy.Neighbour {
	n := b.to.Neighbour()
	n.InFlight, n.Leaving = b.inFlight, b.leaving()
	s.fleet.See(b.index, n)
	return n
}

// TakeBack takes back what next nodes have accepted and forgotten.
func (s *Station) TakeBack(ending bool) {
	for _, b := range s.branches {
		s.takeBack(b, ending)
	}
}

// takeBack takes back the frames that a life of a next node has accepted and forgotten: the node has begun another, or, at
// the end of the run, does not come back. Some of them may have reached end, which knows them.
func (s *Station) takeBack(b *branch, ending bool) {
	if b.gone {
		return
	}
	life := b.to.Life()
	if life == b.life && !(ending && !b.to.Neighbour().Up) {
		return
	}
	frames := make([]Frame, len(b.accepted))
	for i, a := range b.accepted {
		frames[i] = a.Frame
	}
	s.buffer.forget(frames...)
	if b.to.Left(b.life) {
		b.accepted, b.life = nil, life
		return
	}
	s.ledger.Count(Forwarded, -len(frames))
	s.trail.takeBack(b.to.ID(), b.life, frames)
	s.here.again(frames)
	s.back = append(frames, s.back...)
	b.accepted, b.life = nil, life
}

// Sent notes that a frame is on its way to next node i.
func (s *Station) Sent(i int) {
	s.branches[i].inFlight++
	s.see(s.branches[i])
}

// InFlight is the number of frames on their way to next nodes, without an answer.
func (s *Station) InFlight() int {
	n := 0
	for _, b := range s.branches {
		n += b.inFlight
	}
	return n
}
