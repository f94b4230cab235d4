package pipeline

import (
	"context"
	"time"

	"tandem/strategy"
)

// What the stage loop does with the frames that it has taken: decide, compute, hand over.

// handle takes frames through their decisions, their layers and the door. Neighbours that go the same way are computed
// together.
func (s *Stage) handle(ctx context.Context, frames []Frame) {
	s.decisions = s.decisions[:0]
	for i := range frames {
		s.decisions = append(s.decisions, s.decide(ctx, &frames[i], len(frames)-1-i))
	}
	if ctx.Err() != nil {
		s.lose(len(frames), ctx.Err())
		return
	}
	for from := 0; from < len(frames); {
		to := from + 1
		for to < len(frames) && frames[to].Next == frames[from].Next && s.decisions[to] == s.decisions[from] {
			to++
		}
		s.pass(ctx, frames[from:to], s.decisions[from])
		from = to
	}
}

// decide asks the strategy until it does not want to wait.
func (s *Stage) decide(ctx context.Context, f *Frame, behind int) strategy.Decision {
	for {
		d := s.c.Strategy.Next(s.situation(f, behind))
		if d.Load {
			s.loadBeside()
		}
		s.ledger.Decide(d.Reason)
		if d.Wait <= 0 || ctx.Err() != nil {
			return d
		}
		timer := time.NewTimer(d.Wait)
		select {
		case r := <-s.replies:
			s.hear(r)
		case l := <-s.loaded:
			s.install(l)
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

func (s *Stage) situation(f *Frame, behind int) strategy.Situation {
	now := strategy.Situation{
		Now:      time.Since(s.start),
		Backlog:  s.queue.Len() + behind,
		Capacity: s.queue.Cap(),
		HeadDone: f.Next >= s.c.Cut,
		Resident: s.tailResident(),
		Loading:  s.loading,
		InFlight: s.inFlight,
	}
	now.Head, now.Tail = s.timing.parts()
	if s.c.Next != nil {
		now.Up, now.RoundTrip = s.c.Next.Up(), s.c.Next.RoundTrip()
	}
	return now
}

// pass takes frames that go the same way through their layers and hands them to their hop.
func (s *Stage) pass(ctx context.Context, frames []Frame, d strategy.Decision) {
	to, hop := s.c.Cut, s.next
	if d.Finish || hop == nil {
		to, hop = s.c.Layers, s.end
		if err := s.loadTail(); err != nil {
			s.lose(len(frames), err)
			return
		}
	}
	err := s.apply(frames, to)
	if !d.Hold && !s.c.KeepTail && s.tailResident() {
		s.c.Executor.Drop(s.c.Cut, s.c.Layers)
	}
	if err != nil {
		s.lose(len(frames), err)
		return
	}
	for _, f := range frames {
		s.leave(ctx, f, hop)
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
	if err != nil {
		return err
	}
	took := time.Since(began)
	s.timing.ran(took/time.Duration(len(frames)), from, to, s.c.Cut)
	s.ledger.Busy(took)
	for i := range frames {
		f := &frames[i]
		f.Data = append(f.Data[:0], outputs[i]...) // the executor's own memory is overwritten by the next frames
		f.Next, f.Shape = to, s.c.Executor.Shape(to)
		if to == s.c.Layers {
			f.By = s.c.ID
		}
	}
	return nil
}

// loadTail is the switch: it makes the tail resident, on the stage loop, while frames pile up in the queue.
func (s *Stage) loadTail() error {
	if s.loading { // it is nearly there
		s.install(<-s.loaded)
	}
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
	go func() { // ends with the read; drain waits for it
		began := time.Now()
		install, err := s.c.Executor.Prepare(s.c.Cut, s.c.Layers)
		s.loaded <- load{install, err, time.Since(began)}
	}()
}

// install makes resident what was read beside the work.
func (s *Stage) install(l load) {
	s.loading = false
	err := l.err
	if err == nil {
		err = l.install()
	}
	if err != nil {
		s.c.Failed(0, err) // no frame is lost by it; the strategy may ask again
		return
	}
	s.ledger.Switch(l.took)
}

func (s *Stage) tailResident() bool { return s.c.Executor.Resident(s.c.Cut, s.c.Layers) }

// leave hands the frame to a hop. While it waits for a place there the loop goes on hearing answers: otherwise the loop
// would wait for the hop and the hop for the loop.
func (s *Stage) leave(ctx context.Context, f Frame, hop *Hop) {
	for {
		select {
		case hop.Out() <- f:
			if hop == s.next {
				s.inFlight++
			}
			return
		case r := <-s.replies:
			s.hear(r)
		case <-ctx.Done():
			s.lose(1, ctx.Err())
			return
		}
	}
}
