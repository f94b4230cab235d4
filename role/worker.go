package role

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/agree"
	"tandem/role/device"
	"tandem/role/edge"
	"tandem/role/monitor"
	"tandem/role/options"
	"tandem/role/plan"
	"tandem/role/recut"
	"tandem/role/report"
	"tandem/role/supply"
	"tandem/role/target"
	"tandem/strategy"
	"tandem/transport"
)

// worker is what fast and slow are made of: a model, and the way to the nodes below.
type worker struct {
	cfg     setup
	name    string // on its edges
	shelf   *supply.Shelf
	net     *model.Network // of the last run
	exec    *model.Executor
	trace   *report.Trace // nil: not wanted
	metrics *monitor.Metrics
	cuts    []int // where this node wants the network cut; empty: where the run says
	usual   []int // where a run is cut that does not say
	below   target.Below
	members *members // the next nodes that come and go; nil: there are none
}

func newWorker(cfg setup, name string, shelf *supply.Shelf) (*worker, error) {
	net := shelf.Now()
	w := &worker{cfg: cfg, name: name, shelf: shelf, net: net}
	for _, text := range cfg.Cuts {
		cut, err := net.Cut(text)
		if err != nil {
			return nil, err
		}
		if n := len(w.cuts); n > 0 && cut <= w.cuts[n-1] {
			return nil, fmt.Errorf("--cut %s: cut %d does not come after %d: name the cuts in the order in which frames pass them",
				strings.Join(cfg.Cuts, ","), cut, w.cuts[n-1])
		}
		if alive := len(net.Shapes(cut)); alive > transport.MaxTensors {
			return nil, fmt.Errorf("--cut %s: %d tensors are alive there, and a frame has at most %d: inspect shows other cuts", text, alive, transport.MaxTensors)
		}
		w.cuts = append(w.cuts, cut)
	}
	if len(w.cuts) == 0 && cfg.Role == options.Fast {
		best := net.DefaultCut(cfg.Threads)
		if best == 0 {
			return nil, fmt.Errorf("--model %s has one layer, and can't be cut: give a network of two or more", net.Name())
		}
		w.usual = []int{best}
	}
	w.execute(net)
	return w, nil
}

// execute makes an executor of a network, in place of the one that is there.
func (w *worker) execute(net *model.Network) {
	if w.exec != nil {
		w.exec.Close()
	}
	w.net, w.exec = net, model.NewExecutor(net, model.Options{Threads: w.cfg.Threads, Batch: w.cfg.Batch, Weights: w.cfg.Weights})
}

// meet finds the nodes below, and waits until they can be reached.
func (w *worker) meet(ctx context.Context, ready *monitor.Readiness) error {
	if err := w.cfg.seek(ctx); err != nil {
		return err
	}
	w.below.Next, w.below.End = targets(w.cfg)
	if w.members = newMembers(w.cfg, w.net.Digest()); w.members != nil {
		w.below.Many = w.members.targets
	}
	ready.Begin(func(ctx context.Context) (needed, other error) { return w.below.Answer(ctx, w.name) })
	needed, other := w.below.Await(ctx, w.name, w.cfg.await)
	if needed == nil && other != nil {
		w.cfg.Log.Warn().Err(other).Msg("a next node is missing: it is used when it is there")
	}
	return needed
}

// close ends the executor's threads. No run may be active.
func (w *worker) close() error {
	w.exec.Close()
	w.members.close()
	return w.shelf.Close()
}

// begin makes this node's part in a run: it agrees on the run, loads its layers, opens the run below, and starts the
// stage.
func (w *worker) begin(ctx context.Context, o beginning) (part, transport.Opened, error) {
	if o.Layer == 0 && w.cfg.Role == options.Slow && len(o.Run.Cuts) > 0 { // opened by something else than a fast node
		o.Layer = o.Run.Cuts[0]
	}
	net, err := w.shelf.For(o.Run, o.Layer)
	if err != nil {
		return nil, transport.Opened{}, err
	}
	if net != w.net {
		w.execute(net)
	}
	agreed := agree.Node{Options: w.cfg.Options, Net: net, At: w.cuts, Usual: w.usual, Below: w.below.Several()}
	run, entry, held, err := agreed.Run(o.Run, o.Layer)
	if err != nil {
		return nil, transport.Opened{}, err
	}
	if err := w.load(held); err != nil {
		return nil, transport.Opened{}, err
	}
	id := pipeline.NodeID{Role: string(w.cfg.Role), Address: o.Address}
	life := edge.NewLife()
	p := &stagePart{cfg: w.cfg, restarted: o.again(), View: monitor.NewView(id), ways: edge.NewWays(), members: map[string]*edge.Edge{}, trace: w.trace, reasons: w.cfg.reasons(id, run.ID), watch: w.cfg.device.Watch()}
	way := edge.Config{Log: w.cfg.Log, From: w.name, Caller: id, Path: o.Path, Again: o.Again, View: p.View, Shelf: w.shelf}
	if before, ok := o.before.(*stagePart); ok {
		p.lives = before.lives[max(0, len(before.lives)-maxLives):]
	}
	below := way
	below.Layer, below.Exact, below.Kept = held.To, edge.Exact(agree.Tensors(w.net, held.To)), entry.Keeps
	err = w.openNext(ctx, p, run, below)
	if err == nil {
		way.Target = *w.below.End
		p.end, _, err = edge.Open(ctx, way, run)
	}
	if err == nil && !o.Again { // of an end that was started again since, some may not know yet
		err = p.sameEnd(run)
	}
	if err != nil {
		p.abandon(err, o.Again)
		return nil, transport.Opened{}, err
	}
	tail := held.To
	if tail == w.net.Len() {
		tail = max(held.From, run.Cuts[0])
	}
	x := w.cfg.Emulate.Executor(executor{w.exec, w.net}, held.From, tail, w.net.Shares(), w.cfg.Chances(w.cfg.place))
	if e, ok := x.(*device.Emulated); ok {
		p.emulated = e
	}
	places, highWater, drop := run.Queue(w.cfg.Queue, w.cfg.HighWater, w.cfg.Drop)
	c := pipeline.StageConfig{
		ID:        id,
		Life:      life,
		Executor:  x,
		Strategy:  strategy.Finisher{},
		Holding:   held,
		Cut:       tail,
		Layers:    w.net.Len(),
		Expected:  plan.Profile(net, w.cfg.Emulate, w.firstCut(), w.cfg.Threads),
		KeepTail:  w.cfg.Resident || held.To == w.net.Len(),
		Queue:     places,
		HighWater: highWater,
		Drop:      drop,
		MaxAge:    w.cfg.MaxAge,
		Batch:     w.cfg.Batch,
		Window:    window,
		Buffer:    w.cfg.buffer(),
		End:       p.end,
		EndID:     p.end.ID(),
		Failed:    p.reasons.Count,
		Gone:      func(f pipeline.Loss) { p.end.Announce(f) },
		Full:      p.reasons.Full,
		Throttled: p.watch.Throttled,
		Served:    w.metrics.Service,
		Waited:    w.metrics.Wait,
	}
	for _, e := range p.ways.Now() {
		c.Next = append(c.Next, e)
	}
	begin := func() strategy.Strategy { return strategy.Finisher{} }
	if len(c.Next) > 0 {
		c.Keeps = entry.Keeps
		begin = func() strategy.Strategy { return entry.Start(strategy.Params{Tasks: run.Tasks, Loading: run.Load}) }
		c.Strategy = begin()
		if w.trace != nil {
			c.Traced = w.trace.Of(run.ID)
		}
	}
	stageCtx, abort := context.WithCancel(context.Background())
	p.abort = abort
	p.stage = pipeline.StartStage(stageCtx, c)
	p.recut.Part, p.recut.Ways = recut.Stage{Stage: p.stage, Layers: net.Len(), Begin: begin}, p.recutWays
	p.recut.Exact = func(cut int) bool { return edge.Exact(agree.Tensors(net, cut)) }
	p.recut.Slice = recut.SliceOf(run, held, func(run pipeline.Run, layer int) (pipeline.Holding, error) {
		_, _, held, err := agreed.Run(run, layer)
		return held, err
	})
	p.recut.Start(run, held.From, held.To)
	w.cfg.uplink.Begin(time.Now())
	if w.members != nil {
		w.members.follow(stageCtx, p, run, below)
	}
	p.Begin(p.status)
	return p, transport.Opened{Run: run, Inputs: agree.Tensors(w.net, held.From), Life: life, End: p.end.End(), EndAddress: w.below.End.Client.Address()}, nil
}

// firstCut is where the tail of an emulated device begins, whatever the run says.
func (w *worker) firstCut() int {
	if len(w.cuts) > 0 {
		return w.cuts[0]
	}
	return w.net.DefaultCut(w.cfg.Threads)
}

// ahead are the nodes below that this one hands over to, and that are there.
func (w *worker) ahead() (clients []*transport.Client) {
	next := w.below.Next
	if w.members != nil {
		several, _ := w.members.targets() // nobody may be there
		next = append(slices.Clip(next), several...)
	}
	for _, t := range next {
		clients = append(clients, t.Client)
	}
	return clients
}

// openNext opens the run on the next nodes, all at the same time. Of several, some may be missing or being stopped: they are
// used when they are there.
func (w *worker) openNext(ctx context.Context, p *stagePart, run pipeline.Run, cfg edge.Config) error {
	edges, errs := make([]*edge.Edge, len(w.below.Next)), make([]error, len(w.below.Next))
	var opening sync.WaitGroup
	for i, t := range w.below.Next {
		cfg := cfg
		cfg.Target = t
		opening.Go(func() {
			edges[i], _, errs[i] = edge.Open(ctx, cfg, run)
			absent := errors.Is(errs[i], pipeline.ErrUnreachable) || errors.Is(errs[i], pipeline.ErrStopping)
			if absent && (cfg.Kept || cfg.Again) { // without a node a run may not begin, but go on
				edges[i] = edge.Missing(cfg, run)
			}
		})
	}
	var unknown error
	if w.members != nil {
		unknown = w.members.open(ctx, p, run, cfg)
	}
	opening.Wait()
	var missing, refused []error
	for i, e := range edges {
		switch {
		case e == nil:
			refused = append(refused, errs[i])
			continue
		case errs[i] != nil:
			missing = append(missing, errs[i])
			p.reasons.Missing(errs[i])
		}
		p.ways.Add(e)
	}
	if len(missing) == len(edges) && (len(missing) > 0 || unknown != nil) && len(p.members) == 0 {
		refused = append(missing, unknown)
	}
	return errors.Join(refused...)
}

// load makes exactly those layers resident that this node needs at the start of a run.
func (w *worker) load(held pipeline.Holding) error {
	to := held.To
	if w.cfg.Resident {
		to = w.net.Len()
	}
	w.exec.Drop(0, held.From)
	w.exec.Drop(to, w.net.Len())
	return w.exec.Load(held.From, to)
}

// executor is the model's executor together with the shapes of its network.
type executor struct {
	*model.Executor
	net *model.Network
}

func (x executor) Shapes(layer int) [][]int { return x.net.Shapes(layer) }
