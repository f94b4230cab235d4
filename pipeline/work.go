package pipeline

import (
	"context"
	"errors"
	"time"
)

// What the stage loop does with the frames that it has taken: decide, compute, hand over.

// errNoNext is why a frame is lost that its strategy forwards when every next node has left.
var errNoNext = errors.New("there is no next node any more")

// handle takes frames through their decisions and their layers, and hands them over. Those in a row that go the same way
// are computed together.
func (s *Stage) handle(ctx context.Context, frames []Frame) {
	frames = s.Fresh(time.Now(), frames)
	s.ways = s.ways[:0]
	for i := range frames {
		s.ways = append(s.ways, s.decide(ctx, &frames[i], len(frames)-1-i))
	}
	if ctx.Err() != nil {
		s.Lose(frames, ctx.Err())
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

// decide asks the strategy until it does not want to wait.
func (s *Stage) decide(ctx context.Context, f *Frame, behind int) Way {
	for {
		w := s.Decide(time.Now(), f, behind)
		if w.Load {
			s.loadBeside()
			w.Load = false // the frames behind it go the same way
		}
		if w.Wait <= 0 {
			return w
		}
		select {
		case event := <-s.events:
			event()
		case <-time.After(w.Wait):
		case <-ctx.Done():
			return w
		}
	}
}

// process takes frames that go the same way through their layers and hands them to their hop.
func (s *Stage) process(ctx context.Context, frames []Frame, w Way) {
	to := s.c.Layers
	var b *branch // nil: to end
	var err error
	switch {
	case w.Finish, !s.forwards(), w.To < 0 && s.c.Keeps:
		err = s.loadTail()
	case w.To < 0:
		s.c.Strategy.Observe(Feedback{Now: time.Since(s.start), Lost: true})
		err = errNoNext
	default:
		to, b = s.c.Cut, s.branches[w.To]
	}
	if err == nil {
		err = s.apply(frames, to)
	}
	if !w.Hold && !s.c.KeepTail && s.tailResident() {
		s.c.Executor.Drop(max(s.c.Cut, s.wide), s.c.Layers)
	}
	if err != nil {
		s.Lose(frames, err)
		return
	}
	for _, f := range frames {
		s.leave(ctx, f, b)
	}
}

// apply runs the layers from the frames' next one up to, not including, layer to.
func (s *Stage) apply(frames []Frame, to int) error {
	from := frames[0].Next
	if from >= to { // the head has run already
		return nil
	}
	if err := s.resident(from, to); err != nil {
		return err
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
	s.Ran(frames, time.Since(began), to)
	for i := range frames {
		f := &frames[i]
		f.Data = append(f.memoryFor(outputs[i]), outputs[i]...) // the executor's own is overwritten by the next frames
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
	s.Switched(time.Since(began))
	return nil
}

// loadBeside makes a switch that does not hold up the loop.
func (s *Stage) loadBeside() {
	go func() { // ends when the loop has taken what was read; the loop's end waits for it
		began := time.Now()
		install, err := s.c.Executor.Prepare(s.c.Cut, s.c.Layers)
		took := time.Since(began)
		s.events <- func() { s.install(install, err, took) }
	}()
}

// install makes resident what was read beside the work.
func (s *Stage) install(install func() error, err error, took time.Duration) {
	s.Loaded()
	if err == nil {
		err = install()
	}
	if err != nil {
		s.c.Failed(0, err) // no frame is lost by it; the strategy may ask again
		return
	}
	s.Switched(took)
}

// awaitLoad waits for a load that is under way.
func (s *Stage) awaitLoad() {
	for s.loading {
		(<-s.events)()
	}
}

// patience is how often a frame that waits at a full hop looks whether the node behind it still answers.
const patience = 50 * time.Millisecond

// leave hands the frame to a branch's hop, or to end's where there is none. A hop that is behind, or a full buffer, makes
// the loop wait, the queue fill and its entry refuse (backpressure). While it waits the loop goes on taking answers:
// otherwise the loop would wait for the hop and the hop for the loop.
//
// A frame for a node that leaves is decided about again.
func (s *Stage) leave(ctx context.Context, f Frame, b *branch) {
	if b.leaving() {
		s.Return(f)
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
			s.Return(f)
		case <-s.buffer.Freed():
			continue
		case <-tick:
			if b == nil || !s.c.Keeps || b.to.Neighbour().Up {
				continue
			}
			s.back = append(s.back, f) // there may be a better way for it now
		case <-ctx.Done():
			s.Lose([]Frame{f}, ctx.Err())
		}
		if placed {
			s.buffer.Release(f)
		}
		return
	}
}

func (s *Stage) sent(b *branch) {
	if b != nil {
		s.Sent(b.index)
	}
}
