package pipeline

import (
	"context"
	"sync/atomic"
	"time"

	"tandem/strategy"
)

// Executor computes layers of the network. The stage loop is its only caller.
type Executor interface {
	// Run applies the layers [from, to) to the activations of one or more frames, in one pass over the weights, and
	// returns those that enter layer to. The results may be overwritten by the next Run.
	Run(xs [][]float32, from, to int) ([][]float32, error)
	// Load makes layers resident; Drop gives their memory back.
	Load(from, to int) error
	Drop(from, to int)
	Resident(from, to int) bool
	// Shape is the shape of the activation that enters a layer, without a batch dimension.
	Shape(layer int) []int
}

// StageConfig is what a stage needs.
type StageConfig struct {
	ID       NodeID
	Executor Executor
	Strategy strategy.Strategy
	Holding  Holding // the layers for which frames are taken
	Cut      int     // the head is the layers before it, the tail those from it on
	Layers   int     // of the whole network
	KeepTail bool    // never drop the tail again

	Queue  int    // places
	Batch  int    // most frames that are computed together, 1 or more
	Window int    // calls under way at once, on each hop
	Next   Sender // takes activations; nil on a node that finishes every frame
	End    Sender // takes results

	Failed func(frames int, err error) // told of frames that are lost, and why; may be called by several goroutines
}

// Stage is one node's part in one run: a queue, the loop that works it off, and the hops that carry the results away.
type Stage struct {
	c      StageConfig
	start  time.Time
	queue  *Queue
	ledger Ledger

	next, end *Hop
	feedback  chan []Feedback // from the hop to next
	service   atomic.Int64    // nanoseconds that the last frame's layers took
	done      chan struct{}

	// Memory of the loop, for the frames at hand.
	batch     []Frame
	decisions []strategy.Decision
	inputs    [][]float32
}

// StartStage starts the stage's goroutines; Close ends them. The context ends calls and waiting at once, losing (and
// counting) what is under way.
func StartStage(ctx context.Context, c StageConfig) *Stage {
	s := &Stage{
		c:        c,
		start:    time.Now(),
		queue:    NewQueue(c.Queue),
		feedback: make(chan []Feedback),
		done:     make(chan struct{}),
	}
	s.end = StartHop(ctx, HopConfig{
		Sender: c.End, Window: c.Window, Outcome: Finished, Ledger: &s.ledger,
		Answered: func([]Feedback) {}, Failed: c.Failed,
	})
	if c.Next != nil {
		s.next = StartHop(ctx, HopConfig{
			Sender: c.Next, Window: c.Window, Outcome: Forwarded, Ledger: &s.ledger,
			Answered: func(answers []Feedback) { s.feedback <- answers },
			Failed: func(frames int, err error) {
				c.Failed(frames, err)
				s.feedback <- make([]Feedback, frames) // to the strategy, no answer is a refusal
			},
		})
	}
	go s.run(ctx)
	return s
}

// Offer takes frames that came in, in their order, and answers each. Frames that can't be taken at all are an error,
// and then none of them is taken.
func (s *Stage) Offer(frames []Frame) ([]Feedback, error) {
	for i := range frames {
		if err := s.c.Holding.Check(&frames[i]); err != nil {
			return nil, err
		}
	}
	answers := make([]Feedback, len(frames))
	for i, f := range frames {
		s.ledger.Count(Received, 1)
		accepted := s.queue.Offer(f)
		if !accepted {
			s.ledger.Count(Refused, 1)
		}
		answers[i] = Feedback{
			Accepted: accepted,
			Length:   s.queue.Len(),
			Capacity: s.queue.Cap(),
			Service:  time.Duration(s.service.Load()),
		}
	}
	return answers, nil
}

// Close ends the intake, works off what is on the node, and returns the stage's entry in the report.
func (s *Stage) Close() Entry {
	s.queue.Close()
	<-s.done
	e := s.ledger.Entry()
	e.NodeID = s.c.ID
	e.QueuePeak = s.queue.Peak()
	return e
}

// run is the stage loop. It ends when the queue is closed and empty and every hop has drained.
func (s *Stage) run(ctx context.Context) {
	defer close(s.done)
	for frames := s.queue.Frames(); frames != nil; {
		select { // what is already known is taken in before the next decision
		case answers := <-s.feedback:
			s.observe(answers)
			continue
		default:
		}
		select {
		case answers := <-s.feedback:
			s.observe(answers)
		case f, open := <-frames:
			if !open {
				frames = nil
				break
			}
			s.handle(ctx, s.gather(f))
		}
	}
	s.drain()
}

// gather adds the frames that wait already, up to a batch. No frame waits for a batch to fill.
func (s *Stage) gather(first Frame) []Frame {
	s.batch = append(s.batch[:0], first)
	for len(s.batch) < s.c.Batch {
		select {
		case f, open := <-s.queue.Frames():
			if !open {
				return s.batch
			}
			s.batch = append(s.batch, f)
		default:
			return s.batch
		}
	}
	return s.batch
}

// handle takes frames through their decisions, their layers and the door. Neighbours that go the same way are computed
// together.
func (s *Stage) handle(ctx context.Context, frames []Frame) {
	if ctx.Err() != nil {
		s.lose(len(frames), ctx.Err())
		return
	}
	s.decisions = s.decisions[:0]
	for i := range frames {
		s.decisions = append(s.decisions, s.c.Strategy.Next(strategy.Situation{
			Now:      time.Since(s.start),
			Backlog:  s.queue.Len() + len(frames) - 1 - i,
			Resident: s.tailResident(),
		}))
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
	s.inputs = s.inputs[:0]
	for i := range frames {
		s.inputs = append(s.inputs, frames[i].Data)
	}
	began := time.Now()
	outputs, err := s.c.Executor.Run(s.inputs, frames[0].Next, to)
	if err != nil {
		return err
	}
	took := time.Since(began)
	s.service.Store(int64(took) / int64(len(frames)))
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

func (s *Stage) tailResident() bool { return s.c.Executor.Resident(s.c.Cut, s.c.Layers) }

// leave hands the frame to a hop. While it waits for a place there the loop goes on serving feedback: otherwise the
// loop would wait for the hop and the hop for the loop.
func (s *Stage) leave(ctx context.Context, f Frame, hop *Hop) {
	for {
		select {
		case hop.Out() <- f:
			return
		case answers := <-s.feedback:
			s.observe(answers)
		case <-ctx.Done():
			s.lose(1, ctx.Err())
			return
		}
	}
}

// drain closes the hops and serves feedback until the last call has returned.
func (s *Stage) drain() {
	s.end.Close()
	if s.next != nil {
		s.next.Close()
		go func() { // ends with the hop's last call; the loop below waits for it
			s.next.Wait()
			close(s.feedback)
		}()
		for answers := range s.feedback {
			s.observe(answers)
		}
	}
	s.end.Wait()
}

func (s *Stage) observe(answers []Feedback) {
	for _, a := range answers {
		s.c.Strategy.Observe(a)
	}
}

func (s *Stage) lose(frames int, why error) {
	s.ledger.Count(Lost, frames)
	s.c.Failed(frames, why)
}
