package pipeline

import (
	"math"
	"sync"
	"time"

	"tandem/strategy"
)

// Station is one node's part in one run without a clock, a goroutine or a wire: what it admits, what it decides and what it
// counts. Time comes in as an argument. A Stage drives it in real time, and the package simulate in virtual time:
//
//	          Admit        Take           Decide       Ran            Sent
//	frames ──────────▶ queue ───▶ batch ─────────▶ way ────▶ layers ───────▶ on the way ──▶ Answered
//	                                                          │                 │ refused, no answer
//	                                                          └──▶ Finished     └──▶ Back
//
// Admit may be called by several goroutines. All else is for the one that works the queue off.
type Station struct {
	c      StageConfig
	start  time.Time
	intake sync.Mutex // guards closed, and the order in which frames are admitted
	closed bool       // what comes now has not arrived
	queue  *Queue
	buffer *Buffer // for frames that leave
	full   func()
	ledger Ledger
	timing timing
	trail  Trail
	here   admitted

	branches []*branch
	fleet    *strategy.Fleet // what is known of the nodes behind the branches
	looked   time.Time       // when all of them were last seen
	back     []Frame         // frames that a next node has sent back
	loading  bool            // the tail is being made resident beside the work
	idle     bool            // Take has found nothing: the next frame is handed over
	handed   []Frame         // it
	wide     int             // layers before this one stay in memory, as the node will need them; 0: it is not cut anew
	recut    bool            // it has been: frames may come that were sent before
}

// NewStation makes a station with all its branches.
func NewStation(c StageConfig, now time.Time) *Station {
	full := func() {}
	if c.Full != nil {
		full = sync.OnceFunc(c.Full)
	}
	s := &Station{
		c:      c,
		start:  now,
		queue:  NewQueue(c.Queue, c.Buffer/2, c.Drop),
		buffer: NewBuffer(c.Buffer-c.Buffer/2, full),
		full:   full,
		here:   newAdmitted(),
		fleet:  strategy.NewFleet(0),
	}
	s.timing.expect(c.Expected)
	for _, to := range c.Next {
		s.join(to)
	}
	return s
}

// Take takes the frames out of the queue that are computed together. Where it is empty there are none, and the next one that is
// admitted does not wait in it: Take again when one was.
func (s *Station) Take(now time.Time, batch []Frame) []Frame {
	if len(s.handed) > 0 {
		batch = append(batch[:0], s.handed...)
		s.handed = s.handed[:0]
		return s.took(now, batch)
	}
	s.queue.hand = s.hand
	select {
	case f, open := <-s.queue.frames:
		if open {
			return s.took(now, append(batch[:0], f))
		}
	default:
	}
	s.idle = true
	return batch[:0]
}

// hand takes a frame that is admitted while nothing else is done.
func (s *Station) hand(f Frame) bool {
	is := s.idle
	if is {
		s.handed, s.idle = append(s.handed, f), false
	}
	return is
}

// took adds to the frame that has left the queue those that are computed with it, and leaves out what is too old.
func (s *Station) took(now time.Time, batch []Frame) []Frame {
	batch = gather(batch, s.queue.frames, s.c.Batch, math.MaxInt)
	s.queue.taken(batch)
	for i := range batch {
		d := now.Sub(batch[i].Since)
		s.timing.waited(d)
		if s.c.Waited != nil {
			s.c.Waited(d)
		}
	}
	return batch
}

// Back takes the oldest frame that has come back from a next node, if there is one.
func (s *Station) Back() (f Frame, ok bool) {
	if len(s.back) == 0 {
		return Frame{}, false
	}
	s.idle = false
	f = s.back[0]
	s.back[0] = Frame{} // its memory
	s.back = s.back[1:]
	return f, true
}

// Return gives a frame back that found no way out: it is taken by Back.
func (s *Station) Return(f Frame) { s.back = append(s.back, f) }

// Place takes a place for a frame among those that wait to leave, and reports whether there was one.
func (s *Station) Place(f *Frame) bool { return s.buffer.Take(f) }

// Release gives its place back.
func (s *Station) Release(f Frame) { s.buffer.Release(f) }

// Ran notes that frames have been through the layers up to, not including, layer to, in one pass that took so long.
func (s *Station) Ran(frames []Frame, took time.Duration, to int) {
	each := took / time.Duration(len(frames))
	s.timing.ran(each, frames[0].Next, to, s.c.Cut)
	s.ledger.Busy(took)
	for i := range frames {
		if s.c.Served != nil {
			s.c.Served(each)
		}
		f := &frames[i]
		f.Next, f.Shapes = to, s.c.Executor.Shapes(to)
		if to == s.c.Layers {
			f.By = s.c.ID
		}
	}
}

// Switched notes that the tail has been made resident.
func (s *Station) Switched(took time.Duration) { s.ledger.Switch(took) }

// Loaded notes that a load beside the work has ended, well or not.
func (s *Station) Loaded() { s.loading = false }

// Finished counts results that end has taken, or not. It may be called by several goroutines.
func (s *Station) Finished(frames []Frame, answers []Feedback, err error) {
	s.buffer.Release(frames...)
	if err != nil {
		s.Lose(frames, err)
		return
	}
	s.ledger.Count(Finished, len(frames))
	s.trail.Hand(s.c.EndID, answers[0].Life, frames...) // one life has answered the call
	s.here.leave(frames...)
}

// Lose counts frames that no neighbour has taken, as far as is known. It may be called by several goroutines.
func (s *Station) Lose(frames []Frame, why error) {
	s.ledger.Count(Lost, len(frames))
	s.here.leave(frames...)
	s.gone(Lost, frames...)
	s.c.Failed(len(frames), why)
}

// gone tells of frames that end here without a result.
func (s *Station) gone(o Outcome, frames ...Frame) {
	if s.c.Gone != nil && len(frames) > 0 {
		s.c.Gone(Loss{s.c.ID, o, IDsOf(frames...)})
	}
}

// Close ends the intake: what is offered now has not arrived.
func (s *Station) Close() {
	s.intake.Lock()
	s.closed = true
	s.intake.Unlock()
	s.queue.Close()
}

// Tell returns the station's entry in the report, once nothing is on the node any more. The nodes are those above: what
// became here of the frames that they have no answer for is in the entry too.
func (s *Station) Tell(now time.Time, above ...Entry) Entry {
	e := s.account(now)
	e.Measured = s.timing.measured()
	e.Places = s.c.Queue
	for _, b := range s.branches {
		n, of := b.to.Neighbour(), float64(len(s.branches))
		e.RoundTripMS += milliseconds(n.RoundTrip) / of
		e.PaceMS += milliseconds(n.Pace) / of
	}
	s.trail.Tell(&e, above...)
	return e
}

// account is the entry as it is now.
func (s *Station) account(now time.Time) Entry {
	e := s.ledger.Entry(now)
	e.NodeID, e.Life, e.ElapsedS = s.c.ID, s.c.Life, now.Sub(s.start).Seconds()
	e.QueuePeak = s.queue.Peak()
	return e
}

func (s *Station) throttled() bool { return s.c.Throttled != nil && s.c.Throttled() }

func (s *Station) tailResident() bool { return s.c.Executor.Resident(s.c.Cut, s.c.Layers) }
