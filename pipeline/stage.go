package pipeline

import (
	"context"
	"math"
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
	// Shapes are the shapes of the tensors that enter a layer, without a batch dimension.
	Shapes(layer int) [][]int
}

// StageConfig is what a stage needs.
type StageConfig struct {
	ID       NodeID
	Life     string // of this node in the run
	Executor Executor
	Strategy strategy.Strategy
	Keeps    bool    // frames that next refuses, or does not answer, come back
	Holding  Holding // the layers for which frames are taken
	Cut      int     // the head is the layers before it, the tail those from it on: the next node's, and the last one's own
	Layers   int     // of the whole network
	KeepTail bool    // never drop the tail again

	Queue     int           // places
	HighWater int           // frames in the queue from which on answers say that it is busy; 0: never before it is full
	Drop      Drop          // which frame goes when the queue is full; empty: the newest
	MaxAge    time.Duration // frames older than this are not worth computing; 0: none is too old
	Batch     int           // most frames that are computed together, 1 or more
	Window    int           // calls under way at once, on each hop
	Buffer    int           // bytes of frames: half of them may wait in the queue, half to leave the node; 0: no bound

	Next  []Hopper // each takes activations; none on a node that finishes every frame; more may join
	End   Sender   // takes results
	EndID NodeID   // as reports call it

	Failed    func(frames int, err error) // told of frames that are lost, and why; may be called by several goroutines
	Gone      func(Fate)                  // told of frames that end here without a result; may be called by several goroutines; nil: nobody is
	Traced    func(Decided)               // told of each decision, by the loop; nil: nobody is
	Full      func()                      // told once, when bytes and not places make a frame wait or go; nil: nobody is
	Throttled func() bool                 // the device has lowered its clock; nil: it never does
	Served    func(time.Duration)         // told of each frame's time in the layers, by the loop; nil: nobody is
	Waited    func(time.Duration)         // told of each frame's time in the queue, by the loop; nil: nobody is
}

// Stage is one node's part in one run: a queue, the loop that works it off, and the hops that carry the results away.
type Stage struct {
	c       StageConfig
	start   time.Time
	intake  sync.Mutex // guards closed, and the order in which frames are admitted
	closed  bool       // what comes now has not arrived
	queue   *Queue
	buffer  *Buffer // for frames that leave
	full    func()
	ledger  Ledger
	timing  timing
	in      Meter // of frames that are received
	out     Meter // of those that leave for another node
	trail   Trail
	here    admitted
	end     *Hop
	events  chan func()  // what hops and loads have to tell, and who joins and leaves: the loop calls each
	connect func(Hopper) // starts a branch; the loop calls it once it runs
	done    chan struct{}

	// Owned by the loop.
	branches []*branch
	fleet    *strategy.Fleet // what is known of the nodes behind the branches
	parting  int             // ways that are being closed
	back     []Frame         // frames that a next node has sent back
	loading  bool
	batch    []Frame
	ways     []way
	inputs   [][]float32
}

// StartStage starts the stage's goroutines; Close ends them. The context ends calls and waiting at once, losing (and
// counting) what is under way.
func StartStage(ctx context.Context, c StageConfig) *Stage {
	full := func() {}
	if c.Full != nil {
		full = sync.OnceFunc(c.Full)
	}
	s := &Stage{
		c:      c,
		start:  time.Now(),
		queue:  NewQueue(c.Queue, c.Buffer/2, c.Drop),
		buffer: NewBuffer(c.Buffer-c.Buffer/2, full),
		full:   full,
		here:   newAdmitted(),
		fleet:  strategy.NewFleet(0),
		events: make(chan func()),
		done:   make(chan struct{}),
	}
	s.end = StartHop(ctx, HopConfig{Sender: c.End, Window: c.Window, Persist: true, Done: s.finished})
	s.connect = func(to Hopper) { s.startBranch(ctx, to) }
	for _, to := range c.Next {
		s.connect(to)
	}
	go s.run(ctx)
	return s
}

// finished counts results that end has taken, or not.
func (s *Stage) finished(frames []Frame, answers []Feedback, err error) {
	s.buffer.Release(frames...)
	if err != nil {
		s.lose(frames, err)
		return
	}
	s.ledger.Count(Finished, len(frames))
	s.trail.Hand(s.c.EndID, answers[0].Life, frames...) // one life has answered the call
	s.here.leave(frames...)
}

func (s *Stage) throttled() bool { return s.c.Throttled != nil && s.c.Throttled() }

// Close ends the intake, works off what is on the node, and returns the stage's entry in the report. The nodes are those
// above: what became here of the frames that they have no answer for is in the entry too.
func (s *Stage) Close(above ...Entry) Entry {
	s.intake.Lock()
	s.closed = true
	s.intake.Unlock()
	s.queue.Close()
	<-s.done
	e := s.account()
	s.trail.Tell(&e, above...)
	return e
}

// forwards reports whether frames go on from here to next nodes, of which there may be none now.
func (s *Stage) forwards() bool { return len(s.c.Next) > 0 }

// account is the entry as it is now.
func (s *Stage) account() Entry {
	e := s.ledger.Entry()
	e.NodeID, e.Life, e.ElapsedS = s.c.ID, s.c.Life, time.Since(s.start).Seconds()
	e.QueuePeak = s.queue.Peak()
	return e
}

// run is the stage loop. It ends when the queue is closed and empty and every frame that was on its way to a next node has
// been answered.
func (s *Stage) run(ctx context.Context) {
	defer close(s.done)
	frames := s.queue.frames
	for {
		ending := frames == nil && s.inFlight() == 0 && s.parting == 0
		s.takeBackAll(ending)
		if ending && len(s.back) == 0 {
			break
		}
		select { // what is already known is taken in before the next decision
		case event := <-s.events:
			event()
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
		case event := <-s.events:
			event()
		case f, open := <-frames:
			if !open {
				frames = nil
				break
			}
			s.batch = gather(append(s.batch[:0], f), frames, s.c.Batch, math.MaxInt)
			s.queue.taken(s.batch)
			s.waited(s.batch)
			s.handle(ctx, s.batch)
			clear(s.batch) // their memory
		}
	}
	s.end.Close() // the hops have nothing left but results
	for _, b := range s.branches {
		b.hop.Close()
		b.hop.Wait()
	}
	s.end.Wait()
	s.awaitLoad()
}

// waited takes note of how long frames were in the queue.
func (s *Stage) waited(frames []Frame) {
	for i := range frames {
		d := time.Since(frames[i].Since)
		s.timing.waited(d)
		if s.c.Waited != nil {
			s.c.Waited(d)
		}
	}
}

// lose counts frames that no neighbour has taken, as far as is known.
func (s *Stage) lose(frames []Frame, why error) {
	s.ledger.Count(Lost, len(frames))
	s.here.leave(frames...)
	s.gone(Lost, frames...)
	s.c.Failed(len(frames), why)
}

// gone tells of frames that end here without a result.
func (s *Stage) gone(o Outcome, frames ...Frame) {
	if s.c.Gone != nil && len(frames) > 0 {
		s.c.Gone(Fate{s.c.ID, o, IDsOf(frames...)})
	}
}
