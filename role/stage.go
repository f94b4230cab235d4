package role

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/device"
	"tandem/strategy"
	"tandem/transport"
)

// worker is what fast and slow are made of: a model, and the way to the nodes below.
type worker struct {
	cfg     Config
	name    string // on its edges
	net     *model.Network
	exec    *model.Executor
	trace   *trace // nil: not wanted
	metrics *metrics
	cuts    []int               // where this node wants the network cut; empty: where the run says
	next    []*transport.Client // take activations; none on the last node, which finishes every frame
	end     *transport.Client   // takes results
}

func newWorker(cfg Config, net *model.Network) (*worker, error) {
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
	if len(w.cuts) == 0 && cfg.Role == Fast {
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
	if o.Layer == 0 && w.cfg.Role == Slow && len(o.Run.Cuts) > 0 { // opened by something else than a fast node
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
	p := &stagePart{cfg: w.cfg, restarted: o.Again, view: newView(id), trace: w.trace, losses: newLosses(w.cfg, run.ID), watch: w.cfg.device.Watch()}
	hops, err := w.openNext(ctx, p, run, edgeConfig{from: w.name, layer: held.To, kept: entry.Keeps, again: o.Again, view: p.view})
	if err == nil {
		p.end, _, err = openEdge(ctx, edgeConfig{client: w.end, from: w.name, again: o.Again, view: p.view}, run)
	}
	if err != nil {
		p.abandon(err)
		return nil, transport.Opened{}, err
	}
	tail := held.To
	if tail == w.net.Len() {
		tail = max(held.From, run.Cuts[0])
	}
	x := w.cfg.Emulate.over(executor{w.exec, w.net}, tail)
	if e, ok := x.(*emulated); ok {
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
		Served:    observe(w.metrics.service),
		Waited:    observe(w.metrics.wait),
	}
	if len(hops) > 0 {
		c.Next, c.Keeps = hops, entry.Keeps
		c.Strategy = entry.Start(strategy.Params{Tasks: run.Tasks, Loading: run.Load})
		if w.trace != nil {
			c.Traced = w.trace.of(run.ID)
		}
	}
	stageCtx, abort := context.WithCancel(context.Background())
	p.abort = abort
	p.stage = pipeline.StartStage(stageCtx, c)
	p.view.begin(p.status)
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
	missing := 0
	var refused error
	for i, e := range edges {
		if e == nil {
			refused = errors.Join(refused, errs[i])
			continue
		}
		p.next = append(p.next, e)
		hops = append(hops, e)
		if errs[i] != nil {
			missing++
			p.losses.missing(errs[i])
		}
	}
	if refused == nil && missing > 0 && missing == len(w.next) {
		refused = errors.Join(errs...)
	}
	return hops, refused
}

// agree fills in what the run leaves open, refuses what this node can't do, and says which layers it has to hold. Only a
// node with somebody to forward to has a strategy; the last one needs to know whether it holds the whole network.
func (w *worker) agree(run pipeline.Run, layer int) (pipeline.Run, strategy.Entry, pipeline.Holding, error) {
	refuse := func(format string, args ...any) (pipeline.Run, strategy.Entry, pipeline.Holding, error) {
		return run, strategy.Entry{}, pipeline.Holding{}, fmt.Errorf("%w %s: %s", pipeline.ErrInvalidRun, run.ID, fmt.Sprintf(format, args...))
	}
	if run.Strategy == "" && w.cfg.Role == Slow {
		return refuse("it names no strategy: open it on the fast node first, or name one")
	}
	if run.Strategy == "" {
		run.Strategy = w.cfg.Strategy
	}
	entry, err := strategy.Lookup(run.Strategy)
	if err != nil {
		return refuse("%v", err)
	}
	run.Strategy = entry.Name
	switch {
	case !entry.Tasks:
		run.Tasks = 0
	case run.Tasks == 0:
		run.Tasks = w.cfg.Tasks
	}
	if run.Load == "" {
		run.Load = w.cfg.Load
	}
	if run.Load == "" || entry.Loading == "" {
		run.Load = entry.Loading
	}
	run.Wire = cmp.Or(run.Wire, w.cfg.Wire, transport.Float32)
	if err := entry.Validate(strategy.Params{Tasks: run.Tasks, Loading: run.Load}); err != nil {
		return refuse("%v", err)
	}

	if run.Digest != "" && run.Digest != w.net.Digest() {
		return refuse("it uses the model %s (%s), and this %s node has %s (%s): start every node with the same --model, or with the same --seed",
			run.Model, run.Digest, w.cfg.Role, w.net.Name(), w.net.Digest())
	}
	run.Model, run.Digest = w.net.Name(), w.net.Digest()
	held, err := w.slice(&run, layer, entry.Whole)
	if err != nil {
		return refuse("%v", err)
	}
	return run, entry, held, nil
}

// slice fills in the run's cuts and finds the layers for which this node takes frames.
func (w *worker) slice(run *pipeline.Run, layer int, whole bool) (pipeline.Holding, error) {
	layers := w.net.Len()
	held := pipeline.Holding{From: 0, To: layers, Shape: w.net.Shape}
	if len(run.Cuts) == 0 {
		run.Cuts = w.cuts
	}
	switch {
	case len(run.Cuts) == 0:
		return held, fmt.Errorf("it does not say where the network is cut: name the fast node first in --next, or give this %s node --cut", w.cfg.Role)
	case len(w.cuts) > 0 && !slices.Equal(run.Cuts, w.cuts):
		return held, fmt.Errorf("it cuts the network at %s, and this %s node at %s: give both the same --cut", commas(run.Cuts), w.cfg.Role, commas(w.cuts))
	}
	if last := run.Cuts[len(run.Cuts)-1]; last >= layers {
		return held, fmt.Errorf("it cuts the network at %d, and %s can be cut at 1 to %d: correct --cut", last, w.net.Name(), layers-1)
	}
	if !whole {
		held.From, held.To = run.Slice(layer, layers)
		switch {
		case held.To < layers && len(w.next) == 0:
			return held, fmt.Errorf("it cuts the network at %s, and this %s node, from layer %d on, would have to hand over at %d: give it --next for the node that takes them and --end for results, or fast one --cut less",
				commas(run.Cuts), w.cfg.Role, held.From, held.To)
		case held.To == layers && len(w.next) > 0:
			return held, fmt.Errorf("it cuts the network at %s, and this %s node, from layer %d on, has nothing left to hand over to its --next: give fast one --cut more, or this node only --next for the end node",
				commas(run.Cuts), w.cfg.Role, held.From)
		}
	}
	return held, nil
}

// commas lists cuts as --cut takes them.
func commas(cuts []int) string {
	return strings.Join(strings.Fields(strings.Trim(fmt.Sprint(cuts), "[]")), ",")
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

// stagePart is the part of fast or slow in one run.
type stagePart struct {
	*view
	cfg   Config
	stage *pipeline.Stage
	next  []*edge
	end   *edge
	abort context.CancelFunc // gives up what is still on the node
	// restarted: the run has begun before, and this is not the process that it began on.
	restarted bool

	losses   *losses
	trace    *trace // nil: not wanted
	watch    *device.Watch
	emulated *emulated // nil: nothing is
}

// Offer takes frames into the stage's queue.
func (p *stagePart) Offer(frames []pipeline.Frame, kept bool) ([]pipeline.Feedback, error) {
	return p.stage.Offer(frames, kept)
}

func (p *stagePart) status() pipeline.Status {
	s := p.stage.Status()
	s.Emulate = p.cfg.Emulate.String()
	p.watch.SoFar(&s.Entry)
	return s
}

func (p *stagePart) below() map[string]bool {
	up := map[string]bool{p.end.client.Address(): p.end.Up()}
	for _, e := range p.next {
		up[e.client.Address()] = e.Up()
	}
	return up
}

// Close drains the stage and closes the run below.
func (p *stagePart) Close(ctx context.Context, end ending) (pipeline.Report, error) {
	drained, stop := context.WithCancel(context.Background())
	var patience sync.WaitGroup
	patience.Go(func() { p.lose(drained) })
	entry := p.stage.Close(end.nodes...)
	stop()
	patience.Wait()
	p.abort()
	entry.Emulate, entry.Link = p.cfg.Emulate.String(), p.cfg.Link.Name
	if entry.Restarted = p.restarted; p.restarted {
		end.add(startedAgain(p.cfg.Role))
	}
	for _, e := range p.next {
		entry.Next = append(entry.Next, e.inReports())
	}
	end.add(p.watch.End(&entry)...)
	end.nodes = append(end.nodes, entry)
	if p.trace != nil {
		p.trace.flush()
	}
	end.add(p.losses.note())
	for _, e := range p.next {
		end.add(e.note())
	}
	if p.emulated != nil {
		end.add(p.emulated.note(p.cfg.Role))
	}
	return closeAll(ctx, append(slices.Clip(p.next), p.end), end)
}

// returnTime is how long a closing stage waits for an end that does not answer.
const returnTime = 3 * time.Second

// lose gives up what is still on the node when draining takes too long, or when there is nobody to drain to.
func (p *stagePart) lose(drained context.Context) {
	tick := time.NewTicker(returnTime / 10)
	defer tick.Stop()
	began := time.Now()
	seen := began
	for {
		select {
		case <-drained.Done():
			return
		case now := <-tick.C:
			if p.end.Up() {
				seen = now
			}
			if now.Sub(seen) > returnTime || now.Sub(began) > p.cfg.Drain {
				p.abort()
				return
			}
		}
	}
}

// abandon closes what was opened below when the opening fails further on.
func (p *stagePart) abandon(why error) {
	p.watch.End(new(pipeline.Entry))
	if len(p.next) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	_, _ = closeAll(ctx, p.next, ending{note: "the opening failed: " + why.Error(), detach: true})
}
