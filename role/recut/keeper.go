package recut

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/role/options"
	"tandem/role/plan"
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
	k := &Keeper{watcher: NewWatcher(s, filled(run)), fast: fast}
	cuts, err := k.watcher.Begin()
	if errors.Is(err, placement.ErrNoPlan) {
		err = fmt.Errorf("--cut auto: %w", err)
	}
	return k, cuts, err
}

// filled is a run in which fast's usual strategy and tasks stand where it names none.
func filled(run pipeline.Run) pipeline.Run {
	usual := options.Default(options.Fast)
	run.Strategy, run.Tasks = cmp.Or(run.Strategy, usual.Strategy), cmp.Or(run.Tasks, usual.Tasks)
	return run
}

// Start begins to watch the nodes of a run that is open, by what end says of them.
func (k *Keeper) Start(ctx context.Context, run pipeline.Run, to Way, live func() *pipeline.Live, log zerolog.Logger) {
	if k == nil {
		return
	}
	k.watcher.Run = filled(run)
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
