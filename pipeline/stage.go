package pipeline

import (
	"context"
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
	// Expected is what each layer of a frame is expected to take, in any unit; none: nothing is known.
	Expected []time.Duration
	KeepTail bool // never drop the tail again

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
	Gone      func(Loss)                  // told of frames that end here without a result; may be called by several goroutines; nil: nobody is
	Traced    func(Decided)               // told of each decision, by the loop; nil: nobody is
	Full      func()                      // told once, when bytes and not places make a frame wait or go; nil: nobody is
	Throttled func() bool                 // the device has lowered its clock; nil: it never does
	Served    func(time.Duration)         // told of each frame's time in the layers, by the loop; nil: nobody is
	Waited    func(time.Duration)         // told of each frame's time in the queue, by the loop; nil: nobody is
}

// Stage is a Station in real time: the loop that works its queue off, and the hops that carry the results away.
type Stage struct {
	*Station
	in     Meter // of frames that are received
	out    Meter // of those that leave for another node
	end    *Hop
	events chan func() // what hops and loads have to tell, and who joins and leaves: the loop calls each
	done   chan struct{}
	begin  func(*branch) // starts its hop; the loop calls it, once it runs

	// Owned by the loop.
	batch   []Frame
	parting int // ways that are being closed
	ways    []Way
	inputs  [][]float32
}

// StartStage starts the stage's goroutines; Close ends them. The context ends calls and waiting at once, losing (and
// counting) what is under way.
func StartStage(ctx context.Context, c StageConfig) *Stage {
	s := &Stage{Station: NewStation(c, time.Now()), events: make(chan func()), done: make(chan struct{})}
	s.end = StartHop(ctx, HopConfig{Sender: c.End, Window: c.Window, Persist: true, Done: s.Finished})
	s.begin = func(b *branch) { s.startHop(ctx, b) }
	for _, b := range s.branches {
		s.begin(b)
	}
	go s.run(ctx)
	return s
}

// Offer admits frames now.
func (s *Stage) Offer(frames []Frame, kept bool) ([]Feedback, error) {
	return s.Admit(time.Now(), frames, kept)
}

// Close ends the intake, works off what is on the node, and returns the stage's entry in the report. The nodes are those
// above: what became here of the frames that they have no answer for is in the entry too.
func (s *Stage) Close(above ...Entry) Entry {
	s.Station.Close()
	<-s.done
	return s.Tell(time.Now(), above...)
}

// run is the stage loop. It ends when the queue is closed and empty and every frame that was on its way to a next node has
// been answered.
func (s *Stage) run(ctx context.Context) {
	defer close(s.done)
	frames := s.queue.frames
	for {
		ending := frames == nil && s.InFlight() == 0 && s.parting == 0
		s.TakeBack(ending)
		if ending && len(s.back) == 0 {
			break
		}
		select { // what is already known is taken in before the next decision
		case event := <-s.events:
			event()
			continue
		default:
		}
		if f, is := s.Back(); is { // they are the oldest
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
			s.batch = s.took(time.Now(), append(s.batch[:0], f))
			s.handle(ctx, s.batch)
			clear(s.batch) // their memory
		}
	}
	s.end.Close() // the hops have nothing left but results
	for _, b := range s.branches {
		if !b.gone {
			b.hop.Close()
			b.hop.Wait()
		}
	}
	s.end.Wait()
	s.awaitLoad()
}
