package pipeline

import (
	"context"
	"errors"
	"slices"
	"time"

	"tandem/strategy"
)

// What the stage loop does with the frames that it has taken: decide, compute, hand over.

// way is what was decided about a frame, and the branch that it takes if it is forwarded; nil: there is none.
type way struct {
	strategy.Decision
	to *branch
}

// errNoNext is why a frame is lost that its strategy forwards when every next node has left.
var errNoNext = errors.New("there is no next node any more")

// handle takes frames through their decisions and their layers, and hands them over. Those in a row that go the same way
// are computed together.
func (s *Stage) handle(ctx context.Context, frames []Frame) {
	frames = s.fresh(frames)
	s.ways = s.ways[:0]
	for i := range frames {
		s.ways = append(s.ways, s.decide(ctx, &frames[i], len(frames)-1-i))
	}
	if ctx.Err() != nil {
		s.lose(frames, ctx.Err())
		return
	}
	for from := 0; from < len(frames); {
		to := from + 1
		for to < len(frames) && frames[to].Next == frames[from].Next && s.ways[to] == s.ways[from] {
			to++
		}
		s.process(ctx, frames[from:to], s.ways[from])
		from = to
	}
}

// fresh leaves out the frames that are too old to be worth computing.
func (s *Stage) fresh(frames []Frame) []Frame {
	if s.c.MaxAge == 0 {
		return frames
	}
	now := time.Now()
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

// decide asks the strategy until it does not want to wait.
func (s *Stage) decide(ctx context.Context, f *Frame, behind int) way {
	for {
		now := s.situation(f, behind)
		w := way{Decision: s.c.Strategy.Next(now)}
		if s.forwards() && now.Slow.To >= 0 {
			w.to = s.branches[now.Slow.To]
		}
		if w.Load {
			s.loadBeside()
		}
		s.note(f, now, w)
		if w.Wait <= 0 || ctx.Err() != nil {
			if !w.Finish && w.to != nil {
				s.fleet.Sent(w.to.index, now.Now+now.Head+now.Slow.RoundTrip/2)
			}
			return w
		}
		select {
		case event := <-s.events:
			event()
		case <-time.After(w.Wait):
		case <-ctx.Done():
		}
	}
}

func (s *Stage) situation(f *Frame, behind int) strategy.Situation {
	for _, b := range s.branches {
		s.see(b)
	}
	measured := s.timing.read()
	now := strategy.Situation{
		Now:      time.Since(s.start),
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

// process takes frames that go the same way through their layers and hands them to their hop.
func (s *Stage) process(ctx context.Context, frames []Frame, w way) {
	to := s.c.Layers
	var b *branch // nil: to end
	var err error
	switch {
	case w.Finish, !s.forwards(), w.to == nil && s.c.Keeps:
		err = s.loadTail()
	case w.to == nil:
		s.c.Strategy.Observe(Feedback{Now: time.Since(s.start), Lost: true})
		err = errNoNext
	default:
		to, b = s.c.Cut, w.to
	}
	if err == nil {
		err = s.apply(frames, to)
	}
	if !w.Hold && !s.c.KeepTail && s.tailResident() {
		s.c.Executor.Drop(s.c.Cut, s.c.Layers)
	}
	if err != nil {
		s.lose(frames, err)
		return
	}
	for _, f := range frames {
		s.leave(ctx, f, b)
	}
}

// apply runs the layers from the frames' next one up to, not including, layer to.
func (s *Stage) apply(frames []Frame, to int) error {
	from := frames[0].Next
	if from == to { // the head has run already
		return nil
	}
	s.inputs = s.inputs[:0]
	for i := range frames {
		s.inputs = append(s.inputs, frames[i].Data)
	}
	began := time.Now()
	outputs, err := s.c.Executor.Run(s.inputs, from, to)
	clear(s.inputs) // their memory
	if err != nil {
		return err
	}
	took := time.Since(began)
	each := took / time.Duration(len(frames))
	s.timing.ran(each, from, to, s.c.Cut)
	s.ledger.Busy(took)
	for i := range frames {
		if s.c.Served != nil {
			s.c.Served(each)
		}
		f := &frames[i]
		f.Data = append(f.memoryFor(outputs[i]), outputs[i]...) // the executor's own is overwritten by the next frames
		f.Next, f.Shapes = to, s.c.Executor.Shapes(to)
		if to == s.c.Layers {
			f.By = s.c.ID
		}
	}
	return nil
}

// loadTail is the switch: it makes the tail resident, on the stage loop, while frames pile up in the queue.
func (s *Stage) loadTail() error {
	s.awaitLoad() // it is nearly there
	if s.tailResident() {
		return nil
	}
	began := time.Now()
	if err := s.c.Executor.Load(s.c.Cut, s.c.Layers); err != nil {
		return err
	}
	s.ledger.Switch(time.Since(began))
	return nil
}

// loadBeside begins a switch that does not hold up the loop.
func (s *Stage) loadBeside() {
	if s.loading || s.tailResident() {
		return
	}
	s.loading = true
	go func() { // ends when the loop has taken what was read; the loop's end waits for it
		began := time.Now()
		install, err := s.c.Executor.Prepare(s.c.Cut, s.c.Layers)
		took := time.Since(began)
		s.events <- func() { s.install(install, err, took) }
	}()
}

// install makes resident what was read beside the work.
func (s *Stage) install(install func() error, err error, took time.Duration) {
	s.loading = false
	if err == nil {
		err = install()
	}
	if err != nil {
		s.c.Failed(0, err) // no frame is lost by it; the strategy may ask again
		return
	}
	s.ledger.Switch(took)
}

// awaitLoad waits for a load that is under way.
func (s *Stage) awaitLoad() {
	for s.loading {
		(<-s.events)()
	}
}

func (s *Stage) tailResident() bool { return s.c.Executor.Resident(s.c.Cut, s.c.Layers) }

// patience is how often a frame that waits at a full hop looks whether the node behind it still answers.
const patience = 50 * time.Millisecond

// leave hands the frame to a branch's hop, or to end's where there is none. A hop that is behind, or a full buffer, makes
// the loop wait, the queue fill and its entry refuse (backpressure). While it waits the loop goes on taking answers:
// otherwise the loop would wait for the hop and the hop for the loop.
//
// A frame for a node that leaves is decided about again.
func (s *Stage) leave(ctx context.Context, f Frame, b *branch) {
	if b.leaving() {
		s.back = append(s.back, f)
		return
	}
	hop := s.end
	if b != nil {
		hop = b.hop
	}
	placed := s.buffer.Take(&f)
	if placed {
		select {
		case hop.Out() <- f:
			s.sent(b)
			return
		default:
		}
	}
	for tick := time.Tick(patience); ; {
		out := hop.Out()
		if placed = placed || s.buffer.Take(&f); !placed {
			out = nil
		}
		select {
		case out <- f:
			s.sent(b)
			return
		case event := <-s.events:
			event()
			if !b.leaving() {
				continue
			}
			s.back = append(s.back, f)
		case <-s.buffer.Freed():
			continue
		case <-tick:
			if b == nil || !s.c.Keeps || b.to.Neighbour().Up {
				continue
			}
			s.back = append(s.back, f) // there may be a better way for it now
		case <-ctx.Done():
			s.lose([]Frame{f}, ctx.Err())
		}
		if placed {
			s.buffer.Release(f)
		}
		return
	}
}

func (s *Stage) sent(b *branch) {
	if b != nil {
		b.inFlight++
	}
}
