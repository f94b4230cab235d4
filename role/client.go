package role

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"

	"tandem/pipeline"
	"tandem/role/device"
	"tandem/role/discover"
	"tandem/role/edge"
	"tandem/role/input"
	"tandem/role/monitor"
	"tandem/role/options"
	"tandem/role/recut"
	"tandem/role/report"
	"tandem/strategy"
	"tandem/transport"
)

// runClient plays one run and prints its report.
func runClient(ctx context.Context, cfg setup) (err error) {
	out, err := cfg.printer()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	report, err := play(ctx, cfg)
	if report.Frames > 0 { // there is one also of a run that failed on the way
		err = errors.Join(err, out.Print(report))
	}
	return err
}

// play opens a run, feeds it until the frames, the input or the context end, closes it, and returns its report.
func play(ctx context.Context, cfg setup) (pipeline.Report, error) {
	if cfg.Serve != "" {
		return playRequests(ctx, cfg)
	}
	p := newPlayer(cfg)
	defer p.cfg.uplink.Close()
	in := cfg.Input
	in.Stdin, in.Seed, in.Skipped, in.Say = cfg.Stdin, cfg.Seed, p.ledger.Skip, func(text string) { cfg.Log.Warn().Msg(text) }
	var err error
	if p.feed, err = input.OpenFeed(in); err != nil {
		return pipeline.Report{}, err
	}
	defer p.feed.Close()
	if err = p.open(ctx, p.feed.Fit); err == nil {
		p.start()
		p.feed.Start(cfg.Frames)
		err = p.send(ctx)
		p.interrupted = ctx.Err() != nil
	}
	return p.close(err)
}

// player is the client's part in one run: a feed, and a hop for every node that takes frames.
//
//	feed ──▶ beat ──┬──▶ hop ──▶ fast
//	                └──▶ hop ──▶ slow   (replicate only)
type player struct {
	cfg    setup
	name   string
	feed   *input.Feed
	run    pipeline.Run
	inputs []transport.Input // that the frames bring
	end    string            // address of the end node, as the first neighbour calls it
	shapes [][]int           // theirs
	edges  []*edge.Edge
	hops   []*pipeline.Hop
	buffer *pipeline.Buffer // of all hops
	ledger pipeline.Ledger
	trail  pipeline.Trail
	view   *monitor.View
	in     pipeline.Meter // of frames that are read from the input
	out    pipeline.Meter // of those that are sent
	abort  context.CancelFunc
	shown  *monitor.Progress
	watch  *device.Watch
	keep   *recut.Keeper // of the cuts; nil: they stay

	interrupted bool // by a signal
	reasons     *report.Reasons
}

func newPlayer(cfg setup) *player {
	cfg.equip()
	p := &player{cfg: cfg, name: edge.NewName(options.Client), view: monitor.NewView(pipeline.NodeID{Role: string(options.Client)}), watch: cfg.device.Watch()}
	p.view.Begin(p.status)
	return p
}

// open opens the run on every node that takes frames. What the first one fills in, such as the strategy, holds for all. What does
// not fit its network is refused before; fit may be asked again.
func (p *player) open(ctx context.Context, fit func([]transport.Input) error) error {
	p.run = pipeline.Run{
		Strategy: p.cfg.Strategy,
		Tasks:    p.cfg.Tasks,
		Frames:   p.cfg.Frames,
		Interval: p.cfg.Interval,
		Load:     p.cfg.Load, Wire: p.cfg.Wire, Newest: p.feed.Live(),
	}
	p.cfg.announce(nil, discover.Node{})
	defer p.cfg.found.Close()
	if err := p.cfg.seek(ctx); err != nil {
		return err
	}
	next, _ := targets(p.cfg)
	for i, t := range next {
		e, opened := (*edge.Edge)(nil), transport.Opened{}
		if err := p.cfg.await(ctx, func(asked context.Context) error {
			d, err := t.Ask(asked, p.name)
			if err != nil {
				return err
			}
			if i == 0 { // nodes that were free have closed the run of a try before
				p.run.ID = time.Now().UTC().Format("20060102-150405-") + rand.Text()[:6]
				p.reasons = p.cfg.reasons(p.view.ID, p.run.ID)
			}
			if i == 0 && len(d.Inputs) > 0 {
				p.inputs, err = d.Inputs, fit(d.Inputs)
			}
			if i == 0 && err == nil {
				err = p.placed(ctx, t.Client)
			}
			if err == nil {
				e, opened, err = edge.Open(ctx, edge.Config{
					Target: t, Log: p.cfg.Log, From: p.name, Caller: p.view.ID, View: p.view, Kept: p.cfg.Serve != "",
				}, p.run)
			}
			if err != nil && !passes(err) {
				err = backoff.Permanent(err)
			}
			return err
		}); err != nil {
			return err
		}
		p.edges, p.run = append(p.edges, e), opened.Run
		if i == 0 {
			p.end = opened.EndAddress
		}
		if i == 0 && len(p.inputs) == 0 { // it was starting when it was asked
			p.inputs = opened.Inputs
			if err := fit(p.inputs); err != nil {
				return err
			}
		}
		if first := p.edges[0]; first.End() != e.End() {
			return fmt.Errorf("--next %s: its results reach another end node than those of %v: give all the same", t.Client.Address(), first.ID())
		}
	}
	for _, in := range p.inputs {
		p.shapes = append(p.shapes, in.Shape)
	}
	entry, err := strategy.Lookup(p.run.Strategy)
	switch {
	case err != nil:
		return err
	case entry.Whole && len(p.edges) < 2:
		return fmt.Errorf("the fast node's strategy is %s, which deals the frames out: give --next for every node that takes them, or choose another --strategy", entry.Name)
	case entry.Whole && p.cfg.AutoCut():
		return fmt.Errorf("--cut auto: the fast node's strategy is %s, whose nodes all have the whole network, so there is no cut to move: choose another --strategy", entry.Name)
	case !entry.Whole && len(p.edges) > 1:
		return fmt.Errorf("--next is given %d times: %s sends every frame to the fast node, so give it once", len(p.edges), entry.Name)
	}
	return nil
}

// passes reports whether a run that a node refuses may be taken a moment later: it has another one, a node below it is about to
// start, or one has not waited for the others, and every try is another run.
func passes(refusal error) bool {
	passing := []error{pipeline.ErrBusy, pipeline.ErrUnreachable, pipeline.ErrStopping, pipeline.ErrClosedRun}
	return slices.ContainsFunc(passing, func(e error) bool { return errors.Is(refusal, e) })
}

// begin shows how the run goes from now on. The context, which ends with the run, is for what is under way.
func (p *player) begin() context.Context {
	ctx, abort := context.WithCancel(context.Background())
	p.abort = abort
	p.cfg.uplink.Begin(time.Now())
	p.view.Begin(func() pipeline.Status { // all edges are open now
		s := p.status()
		s.Down = down(p.edges)
		return s
	})
	if options.Terminal(p.cfg.Stderr) {
		p.shown = monitor.StartProgress(p.cfg.Stderr, p.run, p.live)
	}
	p.buffer = pipeline.NewBuffer(p.cfg.buffer(), p.reasons.Full)
	p.keep.Start(ctx, p.run, p.edges[0], p.live, p.cfg.Log)
	if p.cfg.begun != nil {
		p.cfg.begun()
	}
	return ctx
}

// start starts a hop for every edge.
func (p *player) start() {
	ctx := p.begin()
	for _, e := range p.edges {
		p.hops = append(p.hops, pipeline.StartHop(ctx, pipeline.HopConfig{
			Sender: e, Window: window,
			Done: func(frames []pipeline.Frame, answers []pipeline.Feedback, err error) {
				p.answered(e, frames, answers, err)
			},
		}))
	}
}

// status is what the client is doing.
func (p *player) status() pipeline.Status {
	s := pipeline.Status{Entry: p.ledger.Entry(time.Now()), Version: p.cfg.Version}
	s.NodeID = p.view.ID
	now := time.Now()
	p.watch.SoFar(&s.Entry)
	s.RateIn, s.RateOut = p.in.Rate(now, s.Received), p.out.Rate(now, s.Forwarded)
	return s
}

// live is end's newest summary, with the nodes that the client misses: end knows of fast only through fast.
func (p *player) live() *pipeline.Live { return withDown(p.view.Summary(), p.edges) }

// answered counts what became of the frames of one call.
func (p *player) answered(by *edge.Edge, frames []pipeline.Frame, answers []pipeline.Feedback, err error) {
	p.buffer.Release(frames...)
	if err != nil {
		p.gone(pipeline.Lost, frames...)
		p.reasons.Count(len(frames), err)
		return
	}
	p.ledger.Count(pipeline.Forwarded, len(frames))
	p.trail.Hand(by.ID(), answers[0].Life, frames...) // one life has answered the call
	p.shown.Add(len(answers))
}

// send sends the frames on their beat, dealing them to the hops in turn. It never waits for an answer: a frame that
// finds the hop full is refused here, and counted.
func (p *player) send(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	due := p.cfg.Arrivals.Start(p.cfg.Interval, p.cfg.Seed, time.Now())
	defer due.Stop()
	for i := uint64(0); ; i++ {
		if err := p.over(); err != nil {
			return err
		}
		hop := p.hops[i%uint64(len(p.hops))]
		if p.run.Newest { // a picture would wait there, and grow old
			hop.Clear(ctx)
		}
		item, err := p.feed.Next(ctx, due.At)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		timer.Reset(time.Until(due.At))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil
		}
		p.offer(ctx, hop, pipeline.Frame{
			ID: i, Shapes: p.shapes, Data: item.Data, Label: item.Label, Source: item.Source, Since: item.Begins(time.Now()),
		})
		if !due.Next(time.Now()) {
			return nil
		}
	}
}

// over reports why no node takes part in the run any more; nil: one does, or may do so again.
func (p *player) over() (err error) {
	for _, e := range p.edges {
		if err = e.Over(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("the run is over, and can't be taken up again: %w", err)
}

// offer gives a frame to a hop. Without an interval there is no beat to keep, and the hop sets the pace.
func (p *player) offer(ctx context.Context, hop *pipeline.Hop, f pipeline.Frame) {
	placed := p.buffer.Take(&f)
	if p.cfg.Interval > 0 {
		p.receive(f.ID)
		if placed {
			select {
			case hop.Out() <- f:
				return
			default:
				p.buffer.Release(f)
			}
		}
		p.gone(pipeline.Refused, f)
		return
	}
	for ; !placed; placed = p.buffer.Take(&f) {
		select {
		case <-p.buffer.Freed():
		case <-ctx.Done():
			return
		}
	}
	select {
	case hop.Out() <- f:
		p.receive(f.ID)
	case <-ctx.Done():
	}
}

func (p *player) receive(id uint64) {
	p.ledger.Count(pipeline.Received, 1)
	p.trail.Receive(id)
}
