// Package edge holds a run open on the neighbour below: it opens it, shows signs of life, opens it again where that was started
// again, knows its liveness, and closes it.
//
//	edge.go    one run on one neighbour
//	opening.go its beginning, closing.go its end
//	recut.go   a run that is cut anew
//	losses.go   word of frames that have ended here or further up
//	ways.go    the edges of a node to its next nodes, which may come and go
package edge

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"tandem/pipeline"
	"tandem/role/options"
	"tandem/strategy"
	"tandem/transport"
)

// Beat is the time between two signs of life. It is well below the shortest --idle.
const Beat = 500 * time.Millisecond

// Probe is the time between two to a neighbour that does not answer.
const Probe = Beat / 5

// openTime bounds the opening of a run: every node on the way loads its layers in it.
const openTime = time.Minute

// NewName makes a name for this process on its edges, such as fast-4KXQ2JMV.
func NewName(r options.Role) string { return string(r) + "-" + rand.Text()[:8] }

// Edge holds one run open on one node below, and knows its liveness. It shows signs of life until it is closed, opens the run
// again where the neighbour was started again, and is a circuit breaker: while the neighbour counts as down a strategy
// that keeps frames sends it none, and the signs of life find out when it is back.
//
//	              a call fails, or is overdue
//	up (closed) ───────────────────────────────▶ down (open)
//	     ▲                                          │ a sign of life every beat (half-open);
//	     └──────────────── it is answered ──────────┘ unknown run: open it again
type Edge struct {
	Config
	run      pipeline.Run
	stop     context.CancelFunc
	beats    sync.WaitGroup
	stopping chan struct{} // holds one while the neighbour is being stopped: a sign of life waits for its last word
	losses   pipeline.Losses
	telling  chan struct{} // holds one while there are losses to tell

	mu     sync.Mutex
	down   bool
	named  string             // the neighbour's address in reports, if it has said so
	peer   string             // its process
	life   string             // of the neighbour in the run
	other  string             // that the neighbour is of another version; empty: it is not
	left   string             // the life that was the last to leave the run with nothing of it any more
	told   []pipeline.Entry   // by lives of the neighbour that have left: their ledgers, and those that they had of others
	end    string             // the end process that the neighbour's results reach
	refuse error              // why the neighbour can't take part again; nil: it can, or nothing is known
	absent time.Duration      // for how long it did not answer, but for now
	now    pipeline.Run       // as it is cut now
	layer  int                // the first one that is left to the neighbour now
	exact  bool               // as Config.Exact, now
	recut  pipeline.Recut     // the newest that the neighbour is told of
	state  pipeline.Recutting // how far it is with that
	gone   time.Time          // since when it does not answer; zero: it does
}

var _ pipeline.Hopper = (*Edge)(nil)

// show pushes nothing, again and again.
func (e *Edge) show(ctx context.Context) {
	for {
		every := Beat
		if !e.Up() || e.recutting() { // it may be back, or ready, at any moment
			every = Probe
		}
		select {
		case <-time.After(every):
		case <-e.stopping:
		case <-e.telling:
			select {
			case <-time.After(gather): // there may be more
			case <-ctx.Done():
				return
			}
		case <-ctx.Done():
			return
		}
		err := e.beat(ctx)
		if errors.Is(err, pipeline.ErrUnknownRun) {
			e.notice(time.Now()) // to open it may take long
			err = e.reopen(ctx)
		}
		if ctx.Err() != nil { // the call was cut short: that says nothing of the neighbour
			return
		}
		e.judge(err)
		e.notice(time.Now())
	}
}

// judge remembers why the neighbour does not let this node take part in the run, where it says so: it was started again with
// another model, key or certificate, or has another run.
func (e *Edge) judge(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case err == nil:
		e.refuse = nil
	case errors.Is(err, pipeline.ErrInvalidRun), errors.Is(err, pipeline.ErrBusy), errors.Is(err, pipeline.ErrNotAdmitted):
		e.refuse = err
	}
}

// notice logs when the neighbour is lost and found.
func (e *Edge) notice(now time.Time) {
	up := e.Up()
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case !up && e.gone.IsZero():
		e.gone = now
		e.Log.Warn().Str("run", e.run.ID).Stringer("neighbour", e.name()).Msg("a neighbour does not answer")
	case up && !e.gone.IsZero():
		away := now.Sub(e.gone)
		e.absent, e.gone = e.absent+away, time.Time{}
		e.Log.Info().Str("run", e.run.ID).Stringer("neighbour", e.name()).Stringer("after", away.Round(Beat/5)).Msg("a neighbour answers again")
	}
}

// beat shows one sign of life: figures go down with it, and end's summary comes up.
func (e *Edge) beat(ctx context.Context) error {
	p := transport.Pushing{}
	if e.View != nil {
		p.Status = e.View.Statuses()
	}
	pushed, err := e.push(ctx, p)
	if err == nil && (pushed.Left || len(pushed.Nodes) > 0) { // the last word of a life
		e.mu.Lock()
		defer e.mu.Unlock()
		e.told, e.down = pipeline.BoundIDs(AddLedgers(e.told, pushed.Nodes...), pipeline.MaxRanges), true
		if pushed.Left {
			e.left = pushed.Life
		}
		return nil
	}
	if err == nil && e.View != nil {
		e.View.Learn(pushed.Live)
	}
	return err
}

// reopen brings the run to a neighbour that was started again. Where it can't, the next beat tries again.
func (e *Edge) reopen(ctx context.Context) error {
	c, run := e.present()
	opened, d, err := c.open(ctx, run)
	if err == nil {
		e.meet(opened, d)
	}
	e.judge(err)
	return err
}

// Over reports why the run is over for the neighbour, and can't be taken up again; nil: it is not.
func (e *Edge) Over() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if errors.Is(e.refuse, pipeline.ErrInvalidRun) || errors.Is(e.refuse, pipeline.ErrBusy) {
		return e.refuse
	}
	return nil
}

// Send takes frames to the neighbour.
func (e *Edge) Send(ctx context.Context, frames []pipeline.Frame) ([]pipeline.Feedback, error) {
	pushed, err := e.push(ctx, transport.Pushing{Kept: e.Kept, Frames: frames})
	if errors.Is(err, pipeline.ErrStopping) {
		select {
		case e.stopping <- struct{}{}:
		default:
		}
	}
	return pushed.Feedback, err
}

// push makes one call, and learns from it whether the neighbour answers.
func (e *Edge) push(ctx context.Context, p transport.Pushing) (transport.Pushed, error) {
	p.Run, p.From, p.Wire, p.Losses = e.run.ID, e.From, e.run.Wire, e.losses.Take()
	e.mu.Lock()
	p.Recut = e.recut
	if e.exact {
		p.Wire = transport.Float32
	}
	e.mu.Unlock()
	pushed, err := e.Client.Push(ctx, p)
	if err != nil {
		e.losses.Add(p.Losses...)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.down = err != nil && !errors.Is(err, pipeline.ErrInvalidFrame)
	if err == nil && pushed.Recut.Epoch > 0 {
		e.state = pushed.Recut
	}
	return pushed, e.Blame(err)
}

// Up reports whether the neighbour answers. A call that has only not yet come through is no sign against it.
func (e *Edge) Up() bool {
	e.mu.Lock()
	down := e.down
	e.mu.Unlock()
	return !down && e.Client.Up()
}

// Process is the neighbour's.
func (e *Edge) Process() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.peer
}

// Life is the neighbour's present one, as far as is known.
func (e *Edge) Life() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.life
}

// Left reports whether a life of the neighbour has left the run, and has nothing of it any more.
func (e *Edge) Left(life string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.left != "" && e.left == life
}

// Ledgers are what lives of the neighbour that have left have told.
func (e *Edge) Ledgers() []pipeline.Entry {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.told
}

// Notes are for the report; none: the neighbour has answered all the time, and can take part.
func (e *Edge) Notes() (notes []string) {
	now := time.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	absent := e.absent
	if !e.gone.IsZero() {
		absent += now.Sub(e.gone)
	}
	if absent >= Beat { // what is shorter is no outage
		notes = append(notes, fmt.Sprintf("%v did not answer %s for %.1f s", e.name(), Called(e.Caller), absent.Seconds()))
	}
	if e.other != "" {
		notes = append(notes, e.other)
	}
	if e.refuse != nil {
		text := e.refuse.Error()
		_, why, named := strings.Cut(text, e.Target.ID().String()+": ")
		if !named {
			why = text
		}
		notes = append(notes, fmt.Sprintf("%v is not used again: %s", e.name(), why))
	}
	return notes
}

// ID is what the neighbour is called in reports.
func (e *Edge) ID() pipeline.NodeID {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.name()
}

// name is ID. Call it with e.mu held.
func (e *Edge) name() pipeline.NodeID {
	id := e.Target.ID()
	id.Address = cmp.Or(e.named, id.Address)
	return id
}

// Neighbour is what the strategy may know of the neighbour.
func (e *Edge) Neighbour() strategy.Neighbour {
	return strategy.Neighbour{Up: e.Up(), RoundTrip: e.Client.RoundTrip(), Pace: e.Client.Pace()}
}
