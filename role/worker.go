package role

import (
	"context"
	"errors"
	"fmt"
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
	hops, err := w.openNext(ctx, p, run, edgeConfig{from: w.name, layer: held.To, kept: entry.Keeps, again: o.Again, view: p.View})
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
	return p, transport.Opened{Run: run, Shape: w.net.Shape(held.From)}, nil
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

func (x executor) Shape(layer int) []int { return x.net.Shape(layer) }

// await waits until the nodes below can be reached: end, and one of the next nodes at least.
func (w *worker) await(ctx context.Context) error {
	if err := await(ctx, w.cfg, w.end.Reach); err != nil {
		return err
	}
	missing, enough := w.askNext(func(c *transport.Client) error { return await(ctx, w.cfg, c.Reach) }) // ends after --wait
	if !enough {
		return errors.Join(missing...)
	}
	for _, err := range missing {
		w.cfg.Log.Warn().Err(err).Msg("a next node is missing: it is used when it is there")
	}
	return nil
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

// answer asks end and the next nodes whether they answer, at the same time, as they share the time for it. As at the start,
// one next node is enough.
func (w *worker) answer(ctx context.Context) error {
	end := make(chan error, 1)
	go func() { end <- answering(ctx, w.end) }() // ends with ctx; it is received below
	missing, enough := w.askNext(func(c *transport.Client) error { return answering(ctx, c) })
	if enough {
		missing = nil
	}
	return errors.Join(append(missing, <-end)...)
}

func answering(ctx context.Context, c *transport.Client) error {
	err := c.Answers(ctx)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pipeline.ErrStopping):
		return fmt.Errorf("a node below is stopping: %w", err)
	}
	return fmt.Errorf("a node below does not answer: %w", err)
}

// askNext asks all next nodes at the same time, and returns why some of them are missing. One that is there is enough,
// and so is none where there are none.
func (w *worker) askNext(ask func(*transport.Client) error) (missing []error, enough bool) {
	answers := make(chan error, len(w.next))
	for _, c := range w.next {
		go func() { answers <- ask(c) }() // the caller bounds it; all are received below
	}
	for range w.next {
		if err := <-answers; err != nil {
			missing = append(missing, err)
		}
	}
	return missing, len(missing) == 0 || len(missing) < len(w.next)
}
