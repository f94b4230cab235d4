package pipeline

import (
	"fmt"
	"time"
)

// Admit is the admission control: it takes frames that came in, in their order, and answers each. A full queue
// refuses the newest frame or drops the oldest (load shedding), and the answers tell the strategy of the node above.
//
// Frames that can't be taken at all are an error, and then none of them is taken. A sender that keeps what is refused
// may send a frame again whose answer it missed: the frame is taken once, and answered as before (it is idempotent).
func (s *Station) Admit(now time.Time, frames []Frame, kept bool) ([]Feedback, error) {
	held := s.holding()
	for i := range frames {
		if err := held.Check(&frames[i]); err != nil {
			return nil, err
		}
	}
	s.timing.came(now, len(frames))
	answers, err := s.admit(frames, kept)
	if err != nil {
		return nil, err
	}
	service, capacity := s.timing.read().service, s.queue.Capacity()
	for i := range answers {
		a := &answers[i]
		a.Length, a.Capacity = len(s.queue.frames), capacity
		a.Busy = a.Busy || s.c.HighWater > 0 && a.Length >= s.c.HighWater
		a.Throttled, a.Batch = s.throttled(), s.c.Batch
		a.Service, a.Spread = service.mean, service.deviation
	}
	if kept && len(answers) > 0 {
		answers[len(answers)-1].Left = s.here.left()
	}
	return answers, nil
}

// admit puts the frames into the queue, as far as it has places, and counts them.
func (s *Station) admit(frames []Frame, kept bool) ([]Feedback, error) {
	s.intake.Lock()
	defer s.intake.Unlock()
	if s.closed {
		return nil, fmt.Errorf("the stage is %w", ErrStopping)
	}
	answers := make([]Feedback, len(frames))
	for i, f := range frames {
		a := &answers[i]
		if kept && s.trail.has(f.ID) { // the answer to the first time was lost
			a.Accepted, a.Number = true, s.here.number(f.ID)
			continue
		}
		var dropped []Frame
		s.here.add(&f)
		a.Accepted, dropped = s.queue.Offer(f)
		a.Number, a.Busy = f.number, len(dropped) > 0
		s.ledger.Count(Dropped, len(dropped))
		s.gone(Dropped, dropped...)
		s.here.leave(dropped...)
		if !a.Accepted {
			s.here.leave(f)
		}
		if s.queue.Heavy() {
			s.full()
		}
		if kept && !a.Accepted { // it is still the sender's, and counted there
			continue
		}
		s.ledger.Count(Received, 1)
		if !a.Accepted {
			s.ledger.Count(Refused, 1)
			s.gone(Refused, f)
		}
		s.trail.Receive(f.ID)
	}
	return answers, nil
}
