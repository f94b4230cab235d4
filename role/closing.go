package role

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tandem/pipeline"
	"tandem/role/edge"
	"tandem/role/options"
	"tandem/transport"
)

// close waits for the last answers and closes the run. Whatever went wrong before is the error, and the run's note.
func (p *player) close(failed error) (pipeline.Report, error) {
	p.keep.Close()
	for _, h := range p.hops {
		h.Close()
	}
	for _, h := range p.hops {
		h.Wait() // every call has its deadline
	}
	if p.abort != nil {
		p.abort()
	}
	entry := p.ledger.Entry(time.Now())
	var end edge.Ending
	end.Say(p.view.ID, p.watch.End(&entry)...)
	switch {
	case len(p.edges) == 0:
		return pipeline.Report{}, failed
	case failed != nil:
		end.Add("the client failed: " + failed.Error())
	case p.interrupted && p.cfg.Frames > 0:
		end.Add(fmt.Sprintf("the client was stopped after %d of %d frames", entry.Sent(), p.cfg.Frames))
	}
	end.Add(append(p.reasons.Notes(), p.feed.Notes()...)...)
	entry.NodeID, entry.Link = pipeline.NodeID{Role: string(options.Client)}, p.cfg.Link.Name
	entry.Next, entry.Life = []string{p.edges[0].ID().Address}, p.name
	p.trail.Tell(&entry)
	end.Nodes = []pipeline.Entry{entry}
	for _, e := range p.edges {
		end.Add(e.Notes()...)
		end.Nodes = edge.AddLedgers(end.Nodes, e.Ledgers()...)
	}
	end.Least = 5 * p.cfg.Drain // fast, slow and end may each take their whole time to drain
	report, err := edge.CloseAll(context.Background(), p.edges, end)
	if err != nil && p.abort != nil && p.over() != nil { // what the nodes had reported when it ended for them is all
		if last, none := edge.CloseAll(context.Background(), p.edges, edge.Ending{Reason: transport.Interrupted}); none == nil {
			report, err = last, nil
		}
	}
	p.shown.Done()
	if err != nil {
		err = fmt.Errorf("the run could not be closed here, so end may have its report: %w; this was sent by the %v", err, entry)
	}
	return report, errors.Join(failed, err)
}
