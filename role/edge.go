package role

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"time"

	"tandem/pipeline"
	"tandem/role/monitor"
	"tandem/role/options"
	"tandem/strategy"
	"tandem/transport"
)

// beat is the time between two signs of life. It is well below the shortest --idle.
const beat = 500 * time.Millisecond

// openTime bounds the opening of a run: every node on the way loads its layers in it. A neighbour that does not even
// answer for answerTime hangs, and is not waited for.
const (
	openTime   = time.Minute
	answerTime = 5 * time.Second
)

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
	run   pipeline.Run
	stop  context.CancelFunc
	beats sync.WaitGroup

	mu     sync.Mutex
	down   bool
	named  string              // what the neighbour is called in reports, if it has said so
	losses int                 // how often the neighbour has forgotten the run
	refuse error               // why the neighbour can't take part again; nil: it can, or nothing is known
	calls  map[*call]time.Time // under way → since when
}

var _ pipeline.Hopper = (*edge)(nil)

// edgeConfig says where an edge leads.
type edgeConfig struct {
	client *transport.Client
	from   string        // this process
	layer  int           // the first layer that is left to the neighbour
	exact  bool          // values travel as float32, whatever the run's format: there are integers among them
	kept   bool          // this process keeps frames that are refused
	view   *monitor.View // of the run from here; nil: its figures stay here
	again  bool          // the run has begun before, on this process or one that it stands for
}

// exact says that integers, such as the ids of tokens, are among the inputs: half precision would make others of them.
func exact(inputs []transport.Input) bool {
	return slices.ContainsFunc(inputs, transport.Input.Integer)
}

// call is one push under way; its address tells it from others.
type call struct{ _ byte }

// overdue is how long a call may be without an answer before the neighbour counts as down. Its answer may still come.
const overdue = 300 * time.Millisecond

// openEdge opens a run on a neighbour.
func openEdge(ctx context.Context, c edgeConfig, run pipeline.Run) (*edge, transport.Opened, error) {
	opened, err := c.open(ctx, run)
	if errors.Is(err, pipeline.ErrUnreachable) && !transport.Answered(err) && !errors.Is(err, context.DeadlineExceeded) {
		c.client.CloseIdle() // a connection kept from before the neighbour's restart: use a new one
		opened, err = c.open(ctx, run)
	}
	if err != nil {
		return nil, transport.Opened{}, err
	}
	c.again, c.exact = true, c.exact || exact(opened.Inputs)
	e := startEdge(c, opened.Run, false)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.named = opened.Address
	return e, opened, nil
}

// startEdge begins to show signs of life for a run to a neighbour that has it open already, or that is down.
func startEdge(c edgeConfig, run pipeline.Run, down bool) *edge {
	e := &edge{edgeConfig: c, run: run, down: down, calls: make(map[*call]time.Time)}
	beating, stop := context.WithCancel(context.Background())
	e.stop = stop
	e.beats.Go(func() { e.show(beating) })
	return e
}

func (c edgeConfig) open(ctx context.Context, run pipeline.Run) (transport.Opened, error) {
	if err := answers(ctx, c.client); err != nil {
		return transport.Opened{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	return c.client.Open(ctx, transport.Opening{Run: run, From: c.from, Address: c.client.Address(), Layer: c.layer, Again: c.again})
}

// answers asks whether the neighbour does not hang.
func answers(ctx context.Context, c *transport.Client) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	return c.Answers(ctx)
}

// show pushes nothing, again and again.
func (e *edge) show(ctx context.Context) {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		err := e.beat(ctx)
		if errors.Is(err, pipeline.ErrUnknownRun) {
			_ = e.reopen(ctx)
		}
	}
}

// beat shows one sign of life: figures go down with it, and end's summary comes up.
func (e *edge) beat(ctx context.Context) error {
	p := transport.Pushing{}
	if e.view != nil {
		p.Status = e.view.Statuses()
	}
	pushed, err := e.push(ctx, p)
	if err == nil && e.view != nil {
		e.view.Learn(pushed.Live)
	}
	return err
}

// reopen brings the run to a neighbour that was started again. Where it can't, the next beat tries again.
func (e *edge) reopen(ctx context.Context) error {
	opened, err := e.open(ctx, e.run)
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil {
		if errors.Is(err, pipeline.ErrInvalidRun) {
			e.refuse = err
		}
		return err
	}
	e.refuse, e.named = nil, opened.Address
	e.losses++
	e.down, e.again = false, true
	return nil
}

// Send takes frames to the neighbour.
func (e *edge) Send(ctx context.Context, frames []pipeline.Frame) ([]pipeline.Feedback, error) {
	pushed, err := e.push(ctx, transport.Pushing{Kept: e.kept, Frames: frames})
	return pushed.Feedback, err
}

// push makes one call, and learns from it whether the neighbour answers.
func (e *edge) push(ctx context.Context, p transport.Pushing) (transport.Pushed, error) {
	p.Run, p.From, p.Wire = e.run.ID, e.from, e.run.Wire
	if e.exact {
		p.Wire = transport.Float32
	}
	c := new(call)
	e.mu.Lock()
	e.calls[c] = time.Now()
	e.mu.Unlock()
	pushed, err := e.client.Push(ctx, p)
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.calls, c)
	e.down = err != nil && !errors.Is(err, pipeline.ErrInvalidFrame)
	return pushed, err
}

// Up reports whether the neighbour answers.
func (e *edge) Up() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, since := range e.calls {
		if time.Since(since) > overdue {
			return false
		}
	}
	return !e.down
}

// Losses is how often the neighbour has forgotten the run.
func (e *edge) Losses() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.losses
}

// note is for the report; empty: the neighbour can take part.
func (e *edge) note() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.refuse == nil {
		return ""
	}
	return "not used again: " + e.refuse.Error()
}

// inReports is what the neighbour's ledger is called.
func (e *edge) inReports() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return cmp.Or(e.named, e.client.Address())
}

// Neighbour is what the strategy may know of the neighbour.
func (e *edge) Neighbour() strategy.Neighbour {
	return strategy.Neighbour{Up: e.Up(), RoundTrip: e.client.RoundTrip(), Pace: e.client.Pace()}
}
