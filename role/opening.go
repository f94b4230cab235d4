package role

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
	opened, d, err := c.open(ctx, run)
	if errors.Is(err, pipeline.ErrUnreachable) && !transport.Answered(err) && !errors.Is(err, context.DeadlineExceeded) {
		c.Client.CloseIdle() // a connection kept from before the neighbour's restart: use a new one
		opened, d, err = c.open(ctx, run)
	}
	if err != nil {
		return nil, transport.Opened{}, err
	}
	c.again, c.exact = true, c.exact || exact(opened.Inputs)
	e := newEdge(c, opened.Run)
	e.meet(opened, d)
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

// open opens the run on the neighbour, and says what that is.
func (c edgeConfig) open(ctx context.Context, run pipeline.Run) (opened transport.Opened, d transport.Description, err error) {
	d, err = c.Ask(ctx, c.from)
	if errors.Is(err, target.ErrWrong) {
		err = fmt.Errorf("%w %s: %w", pipeline.ErrInvalidRun, run.ID, err)
	}
	if err != nil {
		return opened, d, err
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
	return opened, d, c.Blame(err)
}

// meet takes in what a neighbour has said of itself, and when it opened the run.
func (e *edge) meet(opened transport.Opened, d transport.Description) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.down, e.again = false, true
	e.named, e.peer, e.life, e.end = opened.Address, d.Name, opened.Life, opened.End
	if e.other = e.Differs(d.Version); e.other != "" {
		e.log.Warn().Str("run", e.run.ID).Msg(e.other)
	}
}
