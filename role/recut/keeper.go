package recut

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/role/options"
	"tandem/role/plan"
	"tandem/strategy"
	"tandem/strategy/placement"
	"tandem/transport"
)

// Keeper keeps a client's run cut as is best for its fleet, from before it is opened until it is closed. Nil keeps nothing.
type Keeper struct {
	watcher *Watcher
	fast    *transport.Client
	stop    context.CancelFunc
	ends    sync.WaitGroup
}

// NewKeeper surveys the nodes, which lasts where they have not been measured yet, and says where the run is cut at first.
func NewKeeper(ctx context.Context, fast *transport.Client, run pipeline.Run) (*Keeper, []int, error) {
	ctx, cancel := context.WithTimeout(ctx, plan.AskTime)
	defer cancel()
	s, err := fast.Survey(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("--cut auto: %w", err)
	}
	k := &Keeper{watcher: NewWatcher(s, goal(run), run.Wire), fast: fast}
	cuts, err := k.watcher.Begin()
	if errors.Is(err, placement.ErrNoPlan) {
		err = fmt.Errorf("--cut auto: %w", err)
	}
	return k, cuts, err
}

// goal is what a run is planned for. Where it names no strategy, or no tasks, fast has its usual ones.
func goal(run pipeline.Run) placement.Goal {
	usual := options.Default(options.Fast)
	e, err := strategy.Lookup(cmp.Or(run.Strategy, usual.Strategy))
	g := placement.Goal{Help: err == nil && e.Keeps}
	if e.Tasks {
		g.Burst = placement.Burst{Tasks: cmp.Or(run.Tasks, usual.Tasks), Alternates: e.Alternates, Places: usual.Queue}
		g.Offered = float64(time.Second) / float64(max(run.Interval, 1))
	}
	return g
}

// Start begins to watch the nodes of a run that is open, by what end says of them.
func (k *Keeper) Start(ctx context.Context, run pipeline.Run, to Way, live func() *pipeline.Live, log zerolog.Logger) {
	if k == nil {
		return
	}
	k.watcher.Goal, k.watcher.Wire, k.watcher.Blocking = goal(run), run.Wire, run.Load == strategy.Blocking
	ctx, k.stop = context.WithCancel(ctx)
	d := Driver{Watcher: k.watcher, To: to, Live: live, Survey: k.fast.Survey, Log: log}
	k.ends.Go(func() { d.Run(ctx) })
}

// Close ends it.
func (k *Keeper) Close() {
	if k != nil && k.stop != nil {
		k.stop()
		k.ends.Wait()
	}
}
