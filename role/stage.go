package role

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/device"
	"tandem/role/edge"
	"tandem/role/monitor"
	"tandem/role/recut"
	"tandem/role/report"
	"tandem/transport"
)

// stagePart is the part of fast or slow in one run.
type stagePart struct {
	*monitor.View
	cfg   setup
	stage *pipeline.Stage
	ways  *edge.Ways // to the next nodes
	// Of these, members come and go, by address. They are the goroutine's that unfollow ends; nil: nobody comes and goes.
	members  map[string]*edge.Edge
	unfollow func()
	end      *edge.Edge
	abort    context.CancelFunc // gives up what is still on the node
	recut    recut.Node
	// restarted: the run has begun before, and this is not the process that it began on.
	restarted bool
	lives     []pipeline.Entry // of this process in the run, which was interrupted between them

	reasons  *report.Reasons
	trace    *report.Trace // nil: not wanted
	watch    *device.Watch
	emulated *device.Emulated // nil: nothing is
}

// Offer takes frames into the stage's queue.
func (p *stagePart) Offer(frames []pipeline.Frame, kept bool) ([]pipeline.Feedback, error) {
	return p.stage.Offer(frames, kept)
}

func (p *stagePart) status() pipeline.Status {
	s := p.stage.Status()
	s.Emulate, s.Version = p.cfg.Emulate.String(), p.cfg.Version
	p.watch.SoFar(&s.Entry)
	s.Down, s.Links = down(p.edges()), p.ways.Links()
	return s
}

// edges are those to the next nodes and to end.
func (p *stagePart) edges() []*edge.Edge { return append(p.ways.Now(), p.end) }

func (p *stagePart) below() map[pipeline.NodeID]bool {
	up := make(map[pipeline.NodeID]bool)
	for _, e := range p.edges() {
		up[e.ID()] = e.Up()
	}
	return up
}

// down are the neighbours below that do not answer.
func down(edges []*edge.Edge) (nodes []pipeline.NodeID) {
	for _, e := range edges {
		if !e.Up() {
			nodes = append(nodes, e.ID())
		}
	}
	return nodes
}

// withDown adds the neighbours that a node misses now to end's summary, before those that others miss. End may be one of
// them; nil: nothing is known.
func withDown(l *pipeline.Live, edges []*edge.Edge) *pipeline.Live {
	missed := down(edges)
	if len(missed) == 0 {
		return l
	}
	all := cmp.Or(l, new(pipeline.Live))
	others := all.Down
	all.Down = missed
	all.AddDown(others)
	return all
}

// Summary is end's newest, with the neighbours that this node misses now.
func (p *stagePart) Summary() *pipeline.Live { return withDown(p.View.Summary(), p.edges()) }

// Close drains the stage and closes the run below.
func (p *stagePart) Close(ctx context.Context, end edge.Ending) (pipeline.Report, error) {
	if p.unfollow != nil {
		p.unfollow()
	}
	p.recut.Close()
	drained, stop := context.WithCancel(context.Background())
	var patience sync.WaitGroup
	patience.Go(func() { p.lose(drained) })
	entry := p.stage.Close(end.Nodes...)
	stop()
	patience.Wait()
	p.abort()
	entry.Emulate, entry.Link = p.cfg.Emulate.String(), p.cfg.Link.Name
	if p.cfg.Weights != model.Float32 {
		entry.Weights = p.cfg.Weights.String()
	}
	if entry.Restarted = p.restarted; p.restarted {
		end.Say(p.ID, edge.StartedAgain)
	}
	were, told, notes := p.ways.Left()
	for _, e := range p.ways.Now() {
		entry.Next = append(entry.Next, e.ID().Address)
	}
	entry.Next = append(entry.Next, slices.DeleteFunc(were, func(a string) bool { return slices.Contains(entry.Next, a) })...)
	end.Say(p.ID, p.watch.End(&entry)...)
	p.lives = pipeline.BoundIDs(append(p.lives, entry), pipeline.MaxRanges)
	end.Nodes = append(end.Nodes, p.lives...) // those below may have missed an earlier one, or forgotten it
	if p.trace != nil {
		if err := p.trace.Flush(); err != nil {
			p.cfg.Log.Error().Err(err).Msg("decisions are missing in the trace")
			end.Say(p.ID, "could not write "+err.Error())
		}
	}
	end.Add(append(p.reasons.Notes(), notes...)...)
	end.Nodes = edge.AddLedgers(end.Nodes, told...)
	for _, e := range p.edges() {
		end.Add(e.Notes()...)
		end.Nodes = edge.AddLedgers(end.Nodes, e.Ledgers()...)
	}
	if p.emulated != nil {
		end.Say(p.ID, p.emulated.Note())
	}
	report, err := edge.CloseAll(ctx, p.edges(), end)
	if end.Reason == transport.Stopped { // there is no report yet
		report.Nodes = end.Nodes
	}
	return report, err
}

// returnTime is how long a closing stage waits for an end that does not answer.
const returnTime = 3 * time.Second

// lose gives up what is still on the node when draining takes too long, or when there is nobody to drain to.
func (p *stagePart) lose(drained context.Context) {
	tick := time.NewTicker(returnTime / 10)
	defer tick.Stop()
	began, before := time.Now(), p.cfg.traffic().Bytes()
	seen := began
	for {
		select {
		case <-drained.Done():
			return
		case now := <-tick.C:
			if p.end.Up() {
				seen = now
			}
			moved := transport.SendTime(int(p.cfg.traffic().Bytes() - before)) // what is sent meanwhile may take its time
			if now.Sub(seen) > returnTime || now.Sub(began) > p.cfg.Drain+moved {
				p.abort()
				return
			}
		}
	}
}

// sameEnd checks that the results of the next nodes reach the end node that this one sends its own to.
func (p *stagePart) sameEnd(run pipeline.Run) error {
	for _, e := range p.ways.Now() {
		if e.End() != "" && e.End() != p.end.End() {
			return p.otherEnd(run, e)
		}
	}
	return nil
}

func (p *stagePart) otherEnd(run pipeline.Run, e *edge.Edge) error {
	return fmt.Errorf("%w %s: results of %v reach another end node than that of %s, %v: give both the same --end",
		pipeline.ErrInvalidRun, run.ID, e.ID(), edge.Called(p.ID), p.end.ID())
}

// abandon closes what was opened below when the opening fails further on. A run that has begun before may be opened again
// soon: the nodes below wait for that, as they do for a node that was stopped.
func (p *stagePart) abandon(why error, again bool) {
	p.watch.End(new(pipeline.Entry))
	edges, reason := slices.DeleteFunc(p.edges(), func(e *edge.Edge) bool { return e == nil }), transport.Interrupted
	if again {
		reason = transport.Stopped
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	_, _ = edge.CloseAll(ctx, edges, edge.Ending{Notes: []string{"the opening failed: " + why.Error()}, Reason: reason})
}
