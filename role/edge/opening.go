package edge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/role/monitor"
	"tandem/role/supply"
	"tandem/role/target"
	"tandem/transport"
)

// Config says where an edge leads.
type Config struct {
	target.Target
	Log    zerolog.Logger
	From   string          // this process
	Caller pipeline.NodeID // as reports call it
	Path   []string        // by which the opening has come to it
	Layer  int             // the first layer that is left to the neighbour
	Exact  bool            // values travel as float32, whatever the run's format: there are integers among them
	Kept   bool            // this process keeps frames that are refused
	View   *monitor.View   // of the run from here; nil: its figures stay here
	Shelf  *supply.Shelf   // whose network a neighbour that lacks it is given; nil: none
	Again  bool            // the run has begun before, on this process or one that it stands for
}

// Exact says that integers, such as the ids of tokens, are among the inputs: half precision would make others of them.
func Exact(inputs []transport.Input) bool {
	return slices.ContainsFunc(inputs, transport.Input.Integer)
}

// Open opens a run on a neighbour.
func Open(ctx context.Context, c Config, run pipeline.Run) (*Edge, transport.Opened, error) {
	opened, d, err := c.open(ctx, run)
	if errors.Is(err, pipeline.ErrUnreachable) && !transport.Answered(err) && !errors.Is(err, context.DeadlineExceeded) {
		c.Client.CloseIdle() // a connection kept from before the neighbour's restart: use a new one
		opened, d, err = c.open(ctx, run)
	}
	if err != nil {
		return nil, transport.Opened{}, err
	}
	c.Again, c.Exact = true, c.Exact || Exact(opened.Inputs)
	if opened.Run.Epoch < run.Epoch { // it has been open there since
		opened.Run = opened.Run.Recut(pipeline.Recut{Epoch: run.Epoch, Cuts: run.Cuts})
	}
	e := newEdge(c, opened.Run)
	e.meet(opened, d)
	e.start()
	return e, opened, nil
}

// Missing makes an edge to a neighbour that is down, and opens the run on it once it is up.
func Missing(c Config, run pipeline.Run) *Edge {
	e := newEdge(c, run)
	e.down, e.gone = true, time.Now()
	e.start()
	return e
}

func newEdge(c Config, run pipeline.Run) *Edge {
	return &Edge{Config: c, run: run, now: run, layer: c.Layer, exact: c.Exact, stopping: make(chan struct{}, 1), telling: make(chan struct{}, 1)}
}

// End is the end process that the neighbour's results reach; empty: it is not known.
func (e *Edge) End() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.end
}

// Silence ends the signs of life.
func (e *Edge) Silence() {
	e.stop()
	e.beats.Wait()
}

// start begins to show signs of life.
func (e *Edge) start() {
	beating, stop := context.WithCancel(context.Background())
	e.stop = stop
	e.beats.Go(func() { e.show(beating) })
}

// open opens the run on the neighbour, and says what that is.
func (c Config) open(ctx context.Context, run pipeline.Run) (opened transport.Opened, d transport.Description, err error) {
	d, err = c.Ask(ctx, c.From)
	if errors.Is(err, target.ErrWrong) {
		err = fmt.Errorf("%w %s: %w", pipeline.ErrInvalidRun, run.ID, err)
	}
	if err != nil {
		return opened, d, err
	}
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	opening := transport.Opening{
		Run: run, From: c.From, Caller: c.Caller, Path: append(slices.Clip(c.Path), c.From),
		Address: c.Client.Address(), Layer: c.Layer, Again: c.Again,
	}
	opened, err = c.Client.Open(ctx, opening)
	if errors.Is(err, pipeline.ErrNoNetwork) && c.Shelf != nil {
		if err = c.Shelf.Give(ctx, c.Client, run, c.From, c.Layer, c.Log); err == nil {
			opened, err = c.Client.Open(ctx, opening)
		}
	}
	return opened, d, c.Blame(err)
}

// meet takes in what a neighbour has said of itself, and when it opened the run.
func (e *Edge) meet(opened transport.Opened, d transport.Description) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.down, e.Again, e.state = false, true, pipeline.Recutting{}
	e.named, e.peer, e.life, e.end = opened.Address, d.Name, opened.Life, opened.End
	if e.other = e.Differs(d.Version); e.other != "" {
		e.Log.Warn().Str("run", e.run.ID).Msg(e.other)
	}
}
