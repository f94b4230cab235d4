package role

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/device"
	"tandem/role/monitor"
	"tandem/role/options"
	"tandem/role/report"
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
	cuts    []int               // where this node wants the network cut; empty: where the run says
	next    []*transport.Client // take activations; none on the last node, which finishes every frame
	end     *transport.Client   // takes results
}

func newWorker(cfg setup, net *model.Network) (*worker, error) {
	w := &worker{cfg: cfg, name: newName(cfg.Role), net: net}
	for _, text := range cfg.Cuts {
		cut, err := net.Cut(text)
		if err != nil {
			return nil, err
		}
		if n := len(w.cuts); n > 0 && cut <= w.cuts[n-1] {
			return nil, fmt.Errorf("--cut %s: cut %d does not come after %d: name the cuts in the order in which frames pass them",
				strings.Join(cfg.Cuts, ","), cut, w.cuts[n-1])
		}
		w.cuts = append(w.cuts, cut)
	}
	if len(w.cuts) == 0 && cfg.Role == options.Fast {
		if net.DefaultCut() == 0 {
			return nil, fmt.Errorf("--model %s has one layer, and can't be cut: give a network of two or more", net.Name())
		}
		w.cuts = []int{net.DefaultCut()}
	}
	if cfg.End == "" { // the last of the nodes that compute
		w.end = newClient(cfg, cfg.Next[0])
	} else {
		w.end = newClient(cfg, cfg.End)
		for _, address := range cfg.Next {
			w.next = append(w.next, newClient(cfg, address))
		}
	}
	w.exec = model.NewExecutor(net, model.Options{Threads: cfg.Threads, Batch: cfg.Batch})
	return w, nil
}

// close ends the executor's threads. No run may be active.
func (w *worker) close() error {
	w.exec.Close()
	return w.net.Close()
}

// begin makes this node's part in a run: it agrees on the run, loads its layers, opens the run below, and starts the
// stage.
func (w *worker) begin(ctx context.Context, o transport.Opening) (part, transport.Opened, error) {
	if o.Layer == 0 && w.cfg.Role == options.Slow && len(o.Run.Cuts) > 0 { // opened by something else than a fast node
		o.Layer = o.Run.Cuts[0]
	}
	run, entry, held, err := w.agree(o.Run, o.Layer)
	if err != nil {
		return nil, transport.Opened{}, err
	}
	if err := w.load(held); err != nil {
		return nil, transport.Opened{}, err
	}
	id := pipeline.NodeID{Role: string(w.cfg.Role), Address: o.Address}
	p := &stagePart{cfg: w.cfg, restarted: o.Again, View: monitor.NewView(id), trace: w.trace, losses: newLosses(w.cfg, id, run.ID), watch: w.cfg.device.Watch()}
	hops, err := w.openNext(ctx, p, run, edgeConfig{from: w.name, layer: held.To, exact: exact(w.inputs(held.To)), kept: entry.Keeps, again: o.Again, view: p.View})
	if err == nil {
		p.end, _, err = openEdge(ctx, edgeConfig{client: w.end, from: w.name, again: o.Again, view: p.View}, run)
	}
	if err != nil {
		p.abandon(err)
		return nil, transport.Opened{}, err
	}
	tail := held.To
	if tail == w.net.Len() {
		tail = max(held.From, run.Cuts[0])
	}
	x := w.cfg.Emulate.Executor(executor{w.exec, w.net}, tail)
	if e, ok := x.(*device.Emulated); ok {
		p.emulated = e
	}
	c := pipeline.StageConfig{
		ID:        id,
		Executor:  x,
		Strategy:  strategy.Finisher{},
		Holding:   held,
		Cut:       tail,
		Layers:    w.net.Len(),
		KeepTail:  w.cfg.Resident || held.To == w.net.Len(),
		Queue:     w.cfg.Queue,
		HighWater: w.cfg.HighWater,
		Drop:      w.cfg.Drop,
		MaxAge:    w.cfg.MaxAge,
		Batch:     w.cfg.Batch,
		Window:    window,
		End:       p.end,
		Failed:    p.losses.count,
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
	return p, transport.Opened{Run: run, Inputs: w.inputs(held.From)}, nil
}

// openNext opens the run on the next nodes, all at the same time. Of several, some may be missing: they are used when
// they are there.
func (w *worker) openNext(ctx context.Context, p *stagePart, run pipeline.Run, cfg edgeConfig) ([]pipeline.Hopper, error) {
	edges, errs := make([]*edge, len(w.next)), make([]error, len(w.next))
	var opening sync.WaitGroup
	for i, c := range w.next {
		cfg := cfg
		cfg.client = c
		opening.Go(func() {
			edges[i], _, errs[i] = openEdge(ctx, cfg, run)
			if errors.Is(errs[i], pipeline.ErrUnreachable) && cfg.kept {
				edges[i] = startEdge(cfg, run, true)
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
			p.losses.missing(errs[i])
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

// inputs are what frames bring that this node takes from a layer on.
func (w *worker) inputs(layer int) (inputs []transport.Input) {
	for _, t := range w.net.Entering(layer) {
		inputs = append(inputs, transport.Input(t))
	}
	return inputs
}

// await waits until the nodes below can be reached: end, and one of the next nodes at least.
func (w *worker) await(ctx context.Context) error {
	needed, missing := w.ask(func(c *transport.Client) error { return await(ctx, w.cfg, c.Reach) }) // ends after --wait
	if needed == nil && missing != nil {
		w.cfg.Log.Warn().Err(missing).Msg("a next node is missing: it is used when it is there")
	}
	return needed
}

// await asks the node below until it can be reached: at a site that is switched on, nodes start in any order.
func await(ctx context.Context, cfg setup, ask func(context.Context) error) error {
	told := false
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = 100*time.Millisecond, 500*time.Millisecond
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := ask(ctx)
		if err != nil && !told {
			told = true
			cfg.Log.Info().Err(err).Stringer("wait", cfg.Wait).Msg("waiting for the node below")
		}
		if errors.Is(err, pipeline.ErrNotAdmitted) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(max(cfg.Wait, time.Nanosecond)))
	if err != nil && !errors.Is(err, pipeline.ErrUnreachable) {
		return err
	}
	if err != nil {
		flags := "--next"
		if cfg.End != "" {
			flags += " or --end"
		}
		return fmt.Errorf("%w: start that node first, correct %s, or wait longer with --wait", err, flags)
	}
	return nil
}

// answer asks whether the nodes below answer, and returns why those do not that are needed.
func (w *worker) answer(ctx context.Context) error {
	needed, _ := w.ask(func(c *transport.Client) error {
		err := c.Answers(ctx)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, pipeline.ErrStopping):
			return fmt.Errorf("a node below is stopping: %w", err)
		}
		return fmt.Errorf("a node below does not answer: %w", err)
	})
	return needed
}

// ask asks the next nodes and end at the same time. It returns why those are missing that are needed, which are end and one
// next node, and why others are.
func (w *worker) ask(question func(*transport.Client) error) (needed, missing error) {
	next := make([]error, len(w.next))
	var asking sync.WaitGroup
	for i, c := range w.next {
		asking.Go(func() { next[i] = question(c) })
	}
	end := question(w.end)
	asking.Wait()
	missing = errors.Join(next...)
	if len(next) > 0 && !slices.Contains(next, nil) {
		return errors.Join(missing, end), nil
	}
	return end, missing
}
