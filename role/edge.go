package role

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/role/monitor"
	"tandem/role/options"
	"tandem/role/supply"
	"tandem/role/target"
	"tandem/strategy"
	"tandem/transport"
)

// beat is the time between two signs of life. It is well below the shortest --idle.
const beat = 500 * time.Millisecond

// probe is the time between two to a neighbour that does not answer.
const probe = beat / 5

// openTime bounds the opening of a run: every node on the way loads its layers in it.
const openTime = time.Minute

// newName makes a name for this process on its edges, such as fast-4KXQ2JMV.
func newName(r options.Role) string { return string(r) + "-" + rand.Text()[:8] }

// edge holds one run open on one node below, and knows its liveness. It shows signs of life until it is closed, opens the run
// again where the neighbour was started again, and is a circuit breaker: while the neighbour counts as down a strategy
// that keeps frames sends it none, and the signs of life find out when it is back.
//
//	              a call fails, or is overdue
//	up (closed) ───────────────────────────────▶ down (open)
//	     ▲                                          │ a sign of life every beat (half-open);
//	     └──────────────── it is answered ──────────┘ unknown run: open it again
type edge struct {
	edgeConfig
	run      pipeline.Run
	stop     context.CancelFunc
	beats    sync.WaitGroup
	stopping chan struct{} // holds one while the neighbour is being stopped: a sign of life waits for its last word
	fates    pipeline.Fates
	telling  chan struct{} // holds one while there are fates to tell

	mu     sync.Mutex
	down   bool
	named  string           // the neighbour's address in reports, if it has said so
	peer   string           // its process
	life   string           // of the neighbour in the run
	left   string           // the life that was the last to leave the run with nothing of it any more
	told   []pipeline.Entry // by lives of the neighbour that have left: their ledgers, and those that they had of others
	end    string           // the end process that the neighbour's results reach
	refuse error            // why the neighbour can't take part again; nil: it can, or nothing is known
	absent time.Duration    // for how long it did not answer, but for now
	gone   time.Time        // since when it does not answer; zero: it does
}

var _ pipeline.Hopper = (*edge)(nil)

// edgeConfig says where an edge leads.
type edgeConfig struct {
	target.Target
	log    zerolog.Logger
	from   string          // this process
	caller pipeline.NodeID // as reports call it
	path   []string        // by which the opening has come to it
	layer  int             // the first layer that is left to the neighbour
	exact  bool            // values travel as float32, whatever the run's format: there are integers among them
	kept   bool            // this process keeps frames that are refused
	view   *monitor.View   // of the run from here; nil: its figures stay here
	shelf  *supply.Shelf   // whose network a neighbour that lacks it is given; nil: none
	again  bool            // the run has begun before, on this process or one that it stands for
}

// exact says that integers, such as the ids of tokens, are among the inputs: half precision would make others of them.
func exact(inputs []transport.Input) bool {
	return slices.ContainsFunc(inputs, transport.Input.Integer)
}

// openEdge opens a run on a neighbour.
func openEdge(ctx context.Context, c edgeConfig, run pipeline.Run) (*edge, transport.Opened, error) {
	opened, peer, err := c.open(ctx, run)
	if errors.Is(err, pipeline.ErrUnreachable) && !transport.Answered(err) && !errors.Is(err, context.DeadlineExceeded) {
		c.Client.CloseIdle() // a connection kept from before the neighbour's restart: use a new one
		opened, peer, err = c.open(ctx, run)
	}
	if err != nil {
		return nil, transport.Opened{}, err
	}
	c.again, c.exact = true, c.exact || exact(opened.Inputs)
	e := newEdge(c, opened.Run)
	e.meet(opened, peer)
	e.start()
	return e, opened, nil
}

// missingEdge makes an edge to a neighbour that is down, and opens the run on it once it is up.
func missingEdge(c edgeConfig, run pipeline.Run) *edge {
	e := newEdge(c, run)
	e.down, e.gone = true, time.Now()
	e.start()
	return e
}

func newEdge(c edgeConfig, run pipeline.Run) *edge {
	return &edge{edgeConfig: c, run: run, stopping: make(chan struct{}, 1), telling: make(chan struct{}, 1)}
}

// start begins to show signs of life.
func (e *edge) start() {
	beating, stop := context.WithCancel(context.Background())
	e.stop = stop
	e.beats.Go(func() { e.show(beating) })
}

// open opens the run on the neighbour, and says which process that is.
func (c edgeConfig) open(ctx context.Context, run pipeline.Run) (opened transport.Opened, peer string, err error) {
	d, err := c.Ask(ctx, c.from)
	if errors.Is(err, target.ErrWrong) {
		err = fmt.Errorf("%w %s: %w", pipeline.ErrInvalidRun, run.ID, err)
	}
	if err != nil {
		return opened, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	opening := transport.Opening{
		Run: run, From: c.from, Caller: c.caller, Path: append(slices.Clip(c.path), c.from),
		Address: c.Client.Address(), Layer: c.layer, Again: c.again,
	}
	opened, err = c.Client.Open(ctx, opening)
	if errors.Is(err, pipeline.ErrNoNetwork) && c.shelf != nil {
		if err = c.shelf.Give(ctx, c.Client, run, c.from, c.layer, c.log); err == nil {
			opened, err = c.Client.Open(ctx, opening)
		}
	}
	return opened, d.Name, c.Blame(err)
}

// meet takes in what a neighbour has said when it opened the run.
func (e *edge) meet(opened transport.Opened, peer string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.down, e.again = false, true
	e.named, e.peer, e.life, e.end = opened.Address, peer, opened.Life, opened.End
}

// show pushes nothing, again and again.
func (e *edge) show(ctx context.Context) {
	for {
		every := beat
		if !e.Up() { // it may be back at any moment
			every = probe
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
func (e *edge) judge(err error) {
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
func (e *edge) notice(now time.Time) {
	up := e.Up()
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case !up && e.gone.IsZero():
		e.gone = now
		e.log.Warn().Str("run", e.run.ID).Stringer("neighbour", e.name()).Msg("a neighbour does not answer")
	case up && !e.gone.IsZero():
		away := now.Sub(e.gone)
		e.absent, e.gone = e.absent+away, time.Time{}
		e.log.Info().Str("run", e.run.ID).Stringer("neighbour", e.name()).Stringer("after", away.Round(beat/5)).Msg("a neighbour answers again")
	}
}

// beat shows one sign of life: figures go down with it, and end's summary comes up.
func (e *edge) beat(ctx context.Context) error {
	p := transport.Pushing{}
	if e.view != nil {
		p.Status = e.view.Statuses()
	}
	pushed, err := e.push(ctx, p)
	if err == nil && (pushed.Left || len(pushed.Nodes) > 0) { // the last word of a life
		e.mu.Lock()
		defer e.mu.Unlock()
		e.told, e.down = pipeline.BoundIDs(addLedgers(e.told, pushed.Nodes...), pipeline.MaxRanges), true
		if pushed.Left {
			e.left = pushed.Life
		}
		return nil
	}
	if err == nil && e.view != nil {
		e.view.Learn(pushed.Live)
	}
	return err
}

// reopen brings the run to a neighbour that was started again. Where it can't, the next beat tries again.
func (e *edge) reopen(ctx context.Context) error {
	opened, peer, err := e.open(ctx, e.run)
	if err == nil {
		e.meet(opened, peer)
	}
	e.judge(err)
	return err
}

// over reports why the run is over for the neighbour, and can't be taken up again; nil: it is not.
func (e *edge) over() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if errors.Is(e.refuse, pipeline.ErrInvalidRun) || errors.Is(e.refuse, pipeline.ErrBusy) {
		return e.refuse
	}
	return nil
}

// Send takes frames to the neighbour.
func (e *edge) Send(ctx context.Context, frames []pipeline.Frame) ([]pipeline.Feedback, error) {
	pushed, err := e.push(ctx, transport.Pushing{Kept: e.kept, Frames: frames})
	if errors.Is(err, pipeline.ErrStopping) {
		select {
		case e.stopping <- struct{}{}:
		default:
		}
	}
	return pushed.Feedback, err
}

// push makes one call, and learns from it whether the neighbour answers.
func (e *edge) push(ctx context.Context, p transport.Pushing) (transport.Pushed, error) {
	p.Run, p.From, p.Wire, p.Fates = e.run.ID, e.from, e.run.Wire, e.fates.Take()
	if e.exact {
		p.Wire = transport.Float32
	}
	pushed, err := e.Client.Push(ctx, p)
	if err != nil {
		e.fates.Add(p.Fates...)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.down = err != nil && !errors.Is(err, pipeline.ErrInvalidFrame)
	return pushed, e.Blame(err)
}

// Up reports whether the neighbour answers. A call that has only not yet come through is no sign against it.
func (e *edge) Up() bool {
	e.mu.Lock()
	down := e.down
	e.mu.Unlock()
	return !down && e.Client.Up()
}

// process is the neighbour's.
func (e *edge) process() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.peer
}

// Life is the neighbour's present one, as far as is known.
func (e *edge) Life() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.life
}

// Left reports whether a life of the neighbour has left the run, and has nothing of it any more.
func (e *edge) Left(life string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.left != "" && e.left == life
}

// ledgers are what lives of the neighbour that have left have told.
func (e *edge) ledgers() []pipeline.Entry {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.told
}

// notes are for the report; none: the neighbour has answered all the time, and can take part.
func (e *edge) notes() (notes []string) {
	now := time.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	absent := e.absent
	if !e.gone.IsZero() {
		absent += now.Sub(e.gone)
	}
	if absent >= beat { // what is shorter is no outage
		notes = append(notes, fmt.Sprintf("%v did not answer %s for %.1f s", e.name(), called(e.caller), absent.Seconds()))
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
func (e *edge) ID() pipeline.NodeID {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.name()
}

// name is ID. Call it with e.mu held.
func (e *edge) name() pipeline.NodeID {
	id := e.Target.ID()
	id.Address = cmp.Or(e.named, id.Address)
	return id
}

// Neighbour is what the strategy may know of the neighbour.
func (e *edge) Neighbour() strategy.Neighbour {
	return strategy.Neighbour{Up: e.Up(), RoundTrip: e.Client.RoundTrip(), Pace: e.Client.Pace()}
}
