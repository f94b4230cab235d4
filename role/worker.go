package role

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/agree"
	"tandem/role/device"
	"tandem/role/monitor"
	"tandem/role/options"
	"tandem/role/report"
	"tandem/role/target"
	"tandem/strategy"
	"tandem/transport"
)

// worker is what fast and slow are made of: a model, and the way to the nodes below.
type worker struct {
	cfg     setup
	name    string // on its edges
	net     *model.Network
	exec    *model.Executor
	trace   *report.Trace // nil: not wanted
	metrics *monitor.Metrics
	cuts    []int           // where this node wants the network cut; empty: where the run says
	next    []target.Target // take activations; none on the last node, which finishes every frame
	end     *target.Target  // takes results
}

func newWorker(cfg setup, name string, net *model.Network) (*worker, error) {
	w := &worker{cfg: cfg, name: name, net: net}
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
		w.cuts = []int{best}
	}
	w.next, w.end = targets(cfg)
	w.exec = model.NewExecutor(net, model.Options{Threads: cfg.Threads, Batch: cfg.Batch, Weights: cfg.Weights})
	return w, nil
}

// close ends the executor's threads. No run may be active.
func (w *worker) close() error {
	w.exec.Close()
	return w.net.Close()
}

// cut is where this node wants the network cut first, or where it would be cut best.
func (w *worker) cut() int {
	if len(w.cuts) > 0 {
		return w.cuts[0]
	}
	return w.net.DefaultCut(w.cfg.Threads)
}

// describe says which network this node has.
func (w *worker) describe() transport.Description {
	return transport.Description{Model: w.net.Name(), Digest: w.net.Digest(), Layers: w.net.Len(), Inputs: agree.Tensors(w.net, 0)}
}

// begin makes this node's part in a run: it agrees on the run, loads its layers, opens the run below, and starts the
// stage.
func (w *worker) begin(ctx context.Context, o beginning) (part, transport.Opened, error) {
	if o.Layer == 0 && w.cfg.Role == options.Slow && len(o.Run.Cuts) > 0 { // opened by something else than a fast node
		o.Layer = o.Run.Cuts[0]
	}
	run, entry, held, err := agree.Node{Options: w.cfg.Options, Net: w.net, At: w.cuts, Below: len(w.next)}.Run(o.Run, o.Layer)
	if err != nil {
		return nil, transport.Opened{}, err
	}
	if err := w.load(held); err != nil {
		return nil, transport.Opened{}, err
	}
	id := pipeline.NodeID{Role: string(w.cfg.Role), Address: o.Address}
	life := newLife()
	p := &stagePart{cfg: w.cfg, restarted: o.again(), View: monitor.NewView(id), trace: w.trace, losses: w.cfg.losses(id, run.ID), watch: w.cfg.device.Watch()}
	way := edgeConfig{log: w.cfg.Log, from: w.name, caller: id, path: o.Path, again: o.Again, view: p.View}
	if before, ok := o.before.(*stagePart); ok {
		p.lives = before.lives[max(0, len(before.lives)-maxLives):]
	}
	below := way
	below.layer, below.exact, below.kept = held.To, exact(agree.Tensors(w.net, held.To)), entry.Keeps
	hops, err := w.openNext(ctx, p, run, below)
	if err == nil {
		way.Target = *w.end
		p.end, _, err = openEdge(ctx, way, run)
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
	x := w.cfg.Emulate.Executor(executor{w.exec, w.net}, tail, w.net.Shares(), w.cfg.Chances(w.cfg.place))
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
		Failed:    p.losses.Count,
		Gone:      func(f pipeline.Fate) { p.end.announce(f) },
		Full:      p.losses.Full,
		Throttled: p.watch.Throttled,
		Served:    w.metrics.Service,
		Waited:    w.metrics.Wait,
	}
	if len(hops) > 0 {
		c.Next, c.Keeps = hops, entry.Keeps
		c.Strategy = entry.Start(strategy.Params{Tasks: run.Tasks, Loading: run.Load})
		if w.trace != nil {
			c.Traced = w.trace.Of(run.ID)
		}
	}
	stageCtx, abort := context.WithCancel(context.Background())
	p.abort = abort
	p.stage = pipeline.StartStage(stageCtx, c)
	p.Begin(p.status)
	return p, transport.Opened{Run: run, Inputs: agree.Tensors(w.net, held.From), Life: life, End: p.end.end, EndAddress: w.end.Client.Address()}, nil
}

// openNext opens the run on the next nodes, all at the same time. Of several, some may be missing or being stopped: they are
// used when they are there.
func (w *worker) openNext(ctx context.Context, p *stagePart, run pipeline.Run, cfg edgeConfig) ([]pipeline.Hopper, error) {
	edges, errs := make([]*edge, len(w.next)), make([]error, len(w.next))
	var opening sync.WaitGroup
	for i, t := range w.next {
		cfg := cfg
		cfg.Target = t
		opening.Go(func() {
			edges[i], _, errs[i] = openEdge(ctx, cfg, run)
			absent := errors.Is(errs[i], pipeline.ErrUnreachable) || errors.Is(errs[i], pipeline.ErrStopping)
			if absent && (cfg.kept || cfg.again) { // without a node a run may not begin, but go on
				edges[i] = missingEdge(cfg, run)
			}
		})
	}
	opening.Wait()
	var hops []pipeline.Hopper
	var missing, refused []error
	for i, e := range edges {
		switch {
		case e == nil:
			refused = append(refused, errs[i])
			continue
		case errs[i] != nil:
			missing = append(missing, errs[i])
			p.losses.Missing(errs[i])
		}
		p.next, hops = append(p.next, e), append(hops, e)
	}
	if len(missing) > 0 && len(missing) == len(w.next) {
		refused = missing
	}
	return hops, errors.Join(refused...)
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

// await waits until the nodes below can be reached: end, and one of the next nodes at least. Where one of them is the wrong
// node, the others are not waited for.
func (w *worker) await(ctx context.Context) error {
	ctx, refuse := context.WithCancelCause(ctx)
	defer refuse(nil)
	needed, missing := w.ask(func(t target.Target) error { // ends after --wait
		err := w.cfg.await(ctx, func(ctx context.Context) error { return t.Reach(ctx, w.name) })
		if errors.Is(err, target.ErrWrong) {
			refuse(err)
		}
		return err
	})
	if wrong := context.Cause(ctx); errors.Is(wrong, target.ErrWrong) {
		return wrong
	}
	if needed == nil && missing != nil {
		w.cfg.Log.Warn().Err(missing).Msg("a next node is missing: it is used when it is there")
	}
	return needed
}

// answer asks whether the nodes below answer, and returns why some do not.
func (w *worker) answer(ctx context.Context) (needed, other error) {
	return w.ask(func(t target.Target) error {
		_, err := t.Ask(ctx, w.name)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, pipeline.ErrStopping):
			return fmt.Errorf("a node below is stopping: %w", err)
		}
		return fmt.Errorf("a node below does not answer: %w", err)
	})
}

// ask asks the next nodes and end at the same time. It returns why those are missing that are needed, which are end and one
// next node, and why others are.
func (w *worker) ask(question func(target.Target) error) (needed, missing error) {
	next := make([]error, len(w.next))
	var asking sync.WaitGroup
	for i, t := range w.next {
		asking.Go(func() { next[i] = question(t) })
	}
	end := question(*w.end)
	asking.Wait()
	missing = errors.Join(next...)
	if len(next) > 0 && !slices.Contains(next, nil) {
		return errors.Join(missing, end), nil
	}
	return end, missing
}
