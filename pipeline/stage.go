package pipeline

import (
	"context"
	"slices"
	"sync"
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
	// Prepare reads layers. It may be called beside the other methods, by another goroutine; install, which is not,
	// makes them resident.
	Prepare(from, to int) (install func() error, err error)
	// Shape is the shape of the activation that enters a layer, without a batch dimension.
	Shape(layer int) []int
}

// StageConfig is what a stage needs.
type StageConfig struct {
	ID       NodeID
	Executor Executor
	Strategy strategy.Strategy
	Keeps    bool    // frames that next refuses, or does not answer, come back
	Holding  Holding // the layers for which frames are taken
	Cut      int     // the head is the layers before it, the tail those from it on
	Layers   int     // of the whole network
	KeepTail bool    // never drop the tail again

	Queue     int // places
	HighWater int // frames in the queue from which on answers say that it is busy; 0: never before it is full
	Batch     int // most frames that are computed together, 1 or more
	Window    int // calls under way at once, on each hop

	Next Hopper // takes activations; nil on a node that finishes every frame
	End  Sender // takes results

	Failed func(frames int, err error) // told of frames that are lost, and why; may be called by several goroutines
}

// Hopper is a Sender to a node whose state matters to the strategy.
type Hopper interface {
	Sender
	Up() bool                 // it answers
	RoundTrip() time.Duration // of a call, smoothed; 0: not yet known
	Losses() int              // how often it has forgotten the run, and all its frames
}

// Stage is one node's part in one run: a queue, the loop that works it off, and the hops that carry the results away.
type Stage struct {
	c      StageConfig
	start  time.Time
	queue  *Queue
	ledger Ledger
	timing timing
	done   chan struct{}

	entry sync.Mutex // guards seen
	seen  window     // frames that were accepted from a sender that may send them again

	next, end *Hop
	replies   chan reply // from the hop to next
	loaded    chan load  // the tail that was read beside the work

	// Owned by the loop.
	inFlight  int     // frames that have gone to next and are not yet answered
	back      []Frame // frames that next has sent back
	held      []Frame // frames that next has accepted and may still lose, oldest first
	losses    int     // of next's Losses, those that are made good
	loading   bool
	batch     []Frame
	decisions []strategy.Decision
	inputs    [][]float32
}

// reply is what next has answered to one call, and the frames that came back.
type reply struct {
	answers  []Feedback
	back     []Frame
	accepted []Frame // to be held
}

// load is the outcome of reading the tail beside the work.
type load struct {
	install func() error
	err     error
	took    time.Duration
}

// StartStage starts the stage's goroutines; Close ends them. The context ends calls and waiting at once, losing (and
// counting) what is under way.
func StartStage(ctx context.Context, c StageConfig) *Stage {
	s := &Stage{
		c:       c,
		start:   time.Now(),
		queue:   NewQueue(c.Queue),
		replies: make(chan reply),
		loaded:  make(chan load, 1),
		done:    make(chan struct{}),
	}
	s.end = StartHop(ctx, HopConfig{Sender: c.End, Window: c.Window, Persist: true, Done: s.finished})
	if c.Next != nil {
		s.next = StartHop(ctx, HopConfig{
			Sender: c.Next, Window: c.Window,
			Done: func(frames []Frame, answers []Feedback, err error) {
				s.replies <- s.forwarded(frames, answers, err, ctx.Err() != nil)
			},
		})
	}
	go s.run(ctx)
	return s
}

// finished counts results that end has taken, or not.
func (s *Stage) finished(frames []Frame, _ []Feedback, err error) {
	if err != nil {
		s.lose(len(frames), err)
		return
	}
	s.ledger.Count(Finished, len(frames))
}

// forwarded counts frames that have gone to next, and keeps back those that shall not be gone.
func (s *Stage) forwarded(frames []Frame, answers []Feedback, err error, aborted bool) reply {
	now := time.Since(s.start)
	var r reply
	for i, f := range frames {
		a := Feedback{Lost: true}
		if err == nil {
			a = answers[i]
		}
		a.Now = now
		r.answers = append(r.answers, a)
		switch {
		case !a.Accepted && s.c.Keeps && !aborted && !permanent(err):
			r.back = append(r.back, f)
		case err != nil:
			s.lose(1, err)
		default:
			s.ledger.Count(Forwarded, 1)
			if s.c.Keeps {
				r.accepted = append(r.accepted, f)
			}
		}
	}
	return r
}

// Offer takes frames that came in, in their order, and answers each. Frames that can't be taken at all are an error,
// and then none of them is taken. A sender that keeps what is refused is not told twice that a frame is taken.
func (s *Stage) Offer(frames []Frame, kept bool) ([]Feedback, error) {
	for i := range frames {
		if err := s.c.Holding.Check(&frames[i]); err != nil {
			return nil, err
		}
	}
	answers := make([]Feedback, len(frames))
	for i, f := range frames {
		answers[i] = Feedback{Accepted: s.accept(f, kept)}
	}
	for i := range answers {
		a := &answers[i]
		a.Length, a.Capacity, a.Here = s.queue.Len(), s.queue.Cap(), s.ledger.Here()
		a.Busy = s.c.HighWater > 0 && a.Length >= s.c.HighWater
		s.timing.tell(a)
	}
	return answers, nil
}

func (s *Stage) accept(f Frame, kept bool) bool {
	if !kept {
		s.ledger.Count(Received, 1)
		accepted := s.queue.Offer(f)
		if !accepted {
			s.ledger.Count(Refused, 1)
		}
		return accepted
	}
	s.entry.Lock()
	defer s.entry.Unlock()
	if s.seen.has(f.ID) {
		return true // the answer to the first time was lost
	}
	accepted := s.queue.Offer(f)
	if accepted {
		s.seen.add(f.ID)
		s.ledger.Count(Received, 1)
	}
	return accepted // what is refused is still the sender's, and counted there
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

// run is the stage loop. It ends when the queue is closed and empty and every frame that was on its way to next has been
// answered.
func (s *Stage) run(ctx context.Context) {
	defer close(s.done)
	frames := s.queue.Frames()
	for frames != nil || len(s.back) > 0 || s.inFlight > 0 || s.recover(true) {
		s.recover(false)
		select { // what is already known is taken in before the next decision
		case r := <-s.replies:
			s.hear(r)
			continue
		case l := <-s.loaded:
			s.install(l)
			continue
		default:
		}
		if len(s.back) > 0 { // they are the oldest
			f := s.back[0]
			s.back = slices.Delete(s.back, 0, 1)
			s.handle(ctx, append(s.batch[:0], f))
			continue
		}
		select {
		case r := <-s.replies:
			s.hear(r)
		case l := <-s.loaded:
			s.install(l)
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
	s.timing.waited(time.Since(first.Since))
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

// drain closes the hops, which have nothing left but results, and waits for a load that is under way.
func (s *Stage) drain() {
	s.end.Close()
	if s.next != nil {
		s.next.Close()
		s.next.Wait()
	}
	s.end.Wait()
	if s.loading {
		s.install(<-s.loaded)
	}
}

// hear takes in what next has answered.
func (s *Stage) hear(r reply) {
	s.inFlight -= len(r.answers)
	s.back = append(s.back, r.back...)
	s.held = append(s.held, r.accepted...)
	for _, a := range r.answers {
		s.c.Strategy.Observe(a)
		if !a.Lost { // a queue is first in, first out: what is no longer there is the oldest
			s.held = slices.Delete(s.held, 0, max(0, len(s.held)-a.Here-outOfOrder))
		}
	}
}

// outOfOrder is how many frames may leave a node before ones that came earlier.
const outOfOrder = 2 * maxCallFrames

// recover takes back the frames that next has accepted and forgotten: it was started again, or, at the end of the run,
// does not come back. Some of them may have reached end, which knows them. It reports whether there were any.
func (s *Stage) recover(ending bool) bool {
	if s.c.Next == nil {
		return false
	}
	losses := s.c.Next.Losses()
	if losses == s.losses && !(ending && !s.c.Next.Up()) {
		return false
	}
	s.losses = losses
	s.ledger.Count(Forwarded, -len(s.held))
	s.back = append(s.held, s.back...)
	s.held = nil
	return len(s.back) > 0
}

func (s *Stage) lose(frames int, why error) {
	s.ledger.Count(Lost, frames)
	s.c.Failed(frames, why)
}
