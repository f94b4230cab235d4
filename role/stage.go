package role

import (
	"context"
	"slices"
	"sync"
	"time"

	"tandem/pipeline"
	"tandem/role/device"
	"tandem/role/monitor"
	"tandem/role/report"
)

// stagePart is the part of fast or slow in one run.
type stagePart struct {
	*monitor.View
	cfg   setup
	stage *pipeline.Stage
	next  []*edge
	end   *edge
	abort context.CancelFunc // gives up what is still on the node
	// restarted: the run has begun before, and this is not the process that it began on.
	restarted bool

	losses   *losses
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
		end.say(p.ID, startedAgain)
	}
	for _, e := range p.next {
		entry.Next = append(entry.Next, e.inReports())
	}
	end.say(p.ID, p.watch.End(&entry)...)
	end.nodes = append(end.nodes, entry)
	if p.trace != nil {
		if err := p.trace.Flush(); err != nil {
			p.cfg.Log.Error().Err(err).Msg("decisions are missing in the trace")
			end.say(p.ID, "could not write "+err.Error())
		}
	}
	end.add(p.losses.notes()...)
	for _, e := range p.next {
		end.add(e.note())
	}
	if p.emulated != nil {
		end.say(p.ID, p.emulated.Note())
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
	_, _ = closeAll(ctx, p.next, ending{notes: []string{"the opening failed: " + why.Error()}, detach: true})
}
