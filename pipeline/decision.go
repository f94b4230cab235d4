package pipeline

import (
	"slices"
	"time"

	"tandem/strategy"
)

// Way is what was decided about a frame, and the next node that it goes to if it is forwarded; -1: there is none now.
type Way struct {
	strategy.Decision
	To int
}

// Fresh leaves out the frames that are too old to be worth computing.
func (s *Station) Fresh(now time.Time, frames []Frame) []Frame {
	if s.c.MaxAge == 0 {
		return frames
	}
	return slices.DeleteFunc(frames, func(f Frame) bool {
		expired := f.AgeAt(now) > s.c.MaxAge
		if expired {
			s.ledger.Count(Expired, 1)
			s.here.leave(f)
			s.gone(Expired, f)
		}
		return expired
	})
}

// Decide asks the strategy what becomes of a frame, with so many others behind it that have left the queue too. Where the way
// says Wait, ask again after that, or once there is news; where it says Load, begin to make the tail resident.
func (s *Station) Decide(at time.Time, f *Frame, behind int) Way {
	now := s.situation(at, f, behind)
	w := Way{s.c.Strategy.Next(now), now.Slow.To}
	w.Load = w.Load && !s.loading && !now.Resident
	s.loading = s.loading || w.Load
	s.note(at, f, now, w)
	if w.Wait <= 0 && !w.Finish && s.forwards() && w.To >= 0 {
		s.fleet.Sent(w.To, now.Now+now.Head+now.Slow.RoundTrip/2)
	}
	return w
}

// glance is for how long what was seen of all next nodes is as good as new: there may be a thousand of them, and thousands of
// frames a second. What this node does itself, and what they answer, it takes in at once.
const glance = time.Millisecond

func (s *Station) situation(at time.Time, f *Frame, behind int) strategy.Situation {
	if at.Sub(s.looked) >= glance {
		s.looked = at
		for _, b := range s.branches {
			if !b.gone {
				s.see(b)
			}
		}
	}
	measured := s.timing.read()
	now := strategy.Situation{
		Now:      at.Sub(s.start),
		Backlog:  len(s.queue.frames) + behind,
		Capacity: s.queue.Capacity(),
		Interval: measured.interval.mean,
		HeadDone: f.Next >= s.c.Cut,
		Resident: s.tailResident(),
		Head:     measured.head.mean,
		Tail:     measured.tail.mean,
	}
	if s.forwards() {
		now.Slow = s.fleet.Outlook(now.Now)
	}
	return now
}
