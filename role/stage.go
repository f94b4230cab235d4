package role

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tandem/model"
	"tandem/pipeline"
	"tandem/strategy"
	"tandem/transport"
)

// worker is what fast and slow are made of: a model, and the way to the nodes below.
type worker struct {
	cfg  Config
	name string // on its edges
	net  *model.Network
	exec *model.Executor
	cut  int               // where this node wants the network cut; 0: where the run says
	next *transport.Client // takes activations; nil on slow, which finishes every frame
	end  *transport.Client // takes results
}

func newWorker(cfg Config, net *model.Network) (*worker, error) {
	w := &worker{cfg: cfg, name: newName(cfg.Role), net: net}
	var err error
	switch {
	case cfg.Cut != "":
		w.cut, err = net.Cut(cfg.Cut)
	case cfg.Role == Fast:
		if w.cut = net.DefaultCut(); w.cut == 0 {
			return nil, fmt.Errorf("--model %s has one layer, and can't be cut: give a network of two or more", net.Name())
		}
	}
	if err != nil {
		return nil, err
	}
	switch cfg.Role {
	case Fast:
		w.next, w.end = newClient(cfg, cfg.Next[0]), newClient(cfg, cfg.End)
	case Slow:
		w.end = newClient(cfg, cfg.Next[0])
	}
	w.exec = model.NewExecutor(net, model.Options{Threads: cfg.Threads, Batch: cfg.Batch})
	return w, nil
}

// close ends the executor's threads. No run may be active.
func (w *worker) close() error {
	w.exec.Close()
	return w.net.Close()
}

// below lists the clients to the nodes below.
func (w *worker) below() []*transport.Client {
	if w.next == nil {
		return []*transport.Client{w.end}
	}
	return []*transport.Client{w.next, w.end}
}

// begin makes this node's part in a run: it agrees on the run, loads its layers, opens the run below, and starts the
// stage.
func (w *worker) begin(ctx context.Context, o transport.Opening) (part, transport.Opened, error) {
	run, entry, err := w.agree(o.Run)
	if err != nil {
		return nil, transport.Opened{}, err
	}
	held, err := w.load(run.Cut, entry.Whole)
	if err != nil {
		return nil, transport.Opened{}, err
	}
	p := &stagePart{cfg: w.cfg, losses: newLosses(w.cfg, run.ID)}
	for _, c := range w.below() {
		e, _, err := openEdge(ctx, c, run, w.name, c == w.next && entry.Keeps)
		if err != nil {
			p.abandon(err)
			return nil, transport.Opened{}, err
		}
		p.edges = append(p.edges, e)
	}
	x := w.cfg.Emulate.over(executor{w.exec, w.net}, run.Cut)
	if e, ok := x.(*emulated); ok {
		p.emulated = e
	}
	c := pipeline.StageConfig{
		ID:       pipeline.NodeID{Role: string(w.cfg.Role), Address: o.Address},
		Executor: x,
		Strategy: strategy.Finisher{},
		Holding:  held,
		Cut:      run.Cut,
		Layers:   w.net.Len(),
		KeepTail: w.cfg.Resident || held.To == w.net.Len(),
		Queue:    w.cfg.Queue,
		Batch:    w.cfg.Batch,
		Window:   window,
		End:      p.edges[len(p.edges)-1],
		Failed:   p.losses.count,
	}
	if w.next != nil {
		c.Next, c.Strategy, c.Keeps = p.edges[0], entry.New(strategy.Params{Tasks: run.Tasks}), entry.Keeps
	}
	stageCtx, abort := context.WithCancel(context.Background())
	p.abort = abort
	p.stage = pipeline.StartStage(stageCtx, c)
	return p, transport.Opened{Run: run, Shape: w.net.Shape(held.From)}, nil
}

// agree fills in what the run leaves open and refuses what this node can't do. Only fast has a strategy of its own;
// slow needs to know whether it holds the whole network.
func (w *worker) agree(run pipeline.Run) (pipeline.Run, strategy.Entry, error) {
	refuse := func(format string, args ...any) (pipeline.Run, strategy.Entry, error) {
		return run, strategy.Entry{}, fmt.Errorf("%w %s: %s", pipeline.ErrInvalidRun, run.ID, fmt.Sprintf(format, args...))
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
	if err := entry.Validate(strategy.Params{Tasks: run.Tasks}); err != nil {
		return refuse("%v", err)
	}

	if run.Digest != "" && run.Digest != w.net.Digest() {
		return refuse("it uses the model %s (%s), and this %s node has %s (%s): start every node with the same --model, or with the same --seed",
			run.Model, run.Digest, w.cfg.Role, w.net.Name(), w.net.Digest())
	}
	run.Model, run.Digest = w.net.Name(), w.net.Digest()
	switch {
	case run.Cut == 0:
		run.Cut = w.cut
	case w.cut != 0 && run.Cut != w.cut:
		return refuse("it cuts the network at %d, and this %s node at %d: give both the same --cut", run.Cut, w.cfg.Role, w.cut)
	}
	if run.Cut < 1 || run.Cut >= w.net.Len() {
		if run.Cut == 0 {
			return refuse("it does not say where the network is cut: name the fast node first in --next, or give this %s node --cut", w.cfg.Role)
		}
		return refuse("it cuts the network at %d, and %s can be cut at 1 to %d: correct --cut", run.Cut, w.net.Name(), w.net.Len()-1)
	}
	return run, entry, nil
}

// load makes exactly those layers resident that this node needs at the start of a run, and returns those for which it
// takes frames.
func (w *worker) load(cut int, whole bool) (pipeline.Holding, error) {
	layers := w.net.Len()
	held := pipeline.Holding{From: 0, To: layers, Shape: w.net.Shape}
	switch {
	case whole:
	case w.cfg.Role == Fast:
		held.To = cut
	case w.cfg.Role == Slow:
		held.From = cut
	}
	resident := held
	if w.cfg.Resident {
		resident.To = layers
	}
	w.exec.Drop(0, resident.From)
	w.exec.Drop(resident.To, layers)
	return held, w.exec.Load(resident.From, resident.To)
}

// executor is the model's executor together with the shapes of its network.
type executor struct {
	*model.Executor
	net *model.Network
}

func (x executor) Shape(layer int) []int { return x.net.Shape(layer) }

// stagePart is the part of fast or slow in one run.
type stagePart struct {
	cfg   Config
	stage *pipeline.Stage
	edges []*edge
	abort context.CancelFunc // gives up what is still on the node

	losses   *losses
	emulated *emulated // nil: nothing is
}

// Offer takes frames into the stage's queue.
func (p *stagePart) Offer(frames []pipeline.Frame, kept bool) ([]pipeline.Feedback, error) {
	return p.stage.Offer(frames, kept)
}

// Close drains the stage and closes the run below.
func (p *stagePart) Close(ctx context.Context, end ending) (pipeline.Report, error) {
	drained, stop := context.WithCancel(context.Background())
	var patience sync.WaitGroup
	patience.Go(func() { p.lose(drained) })
	entry := p.stage.Close()
	stop()
	patience.Wait()
	p.abort()
	entry.Emulate = p.cfg.Emulate.String()
	end.nodes = append(end.nodes, entry)
	end.add(p.losses.note())
	if p.emulated != nil {
		end.add(p.emulated.note())
	}
	return closeAll(ctx, p.edges, end)
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
			if p.edges[len(p.edges)-1].Up() {
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
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	_, _ = closeAll(ctx, p.edges, ending{note: "the opening failed: " + why.Error(), detach: true})
}
