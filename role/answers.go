package role

import (
	"context"
	"fmt"

	"tandem/pipeline"
	"tandem/role/answer"
	"tandem/transport"
)

// How answers come to those who wait for them, and word of the frames that will have none. Each node tells its neighbour below
// of those that have ended on it, at once; the nodes in between hand that on to end, and end tells it to all who have
// subscribed:
//
//	client ──losses──▶ fast ──losses──▶ end ──answers, losses──▶ subscribers
//	                  slow ──losses──▶

// Answers streams what becomes of the frames of a run.
func (n *node) Answers(ctx context.Context, run string, again bool, tell func(transport.Told) error) error {
	if n.answers == nil {
		return fmt.Errorf("%w %s: this is the %s node, and its answers are on the end node: ask there", pipeline.ErrInvalidRun, run, string(n.role))
	}
	return n.answers.Stream(ctx, run, again, tell)
}

// Tell hands on what will not arrive, each frame once.
func (r *recording) Tell(losses []pipeline.Loss) {
	for _, f := range losses {
		if f = r.recorder.Gone(f); len(f.Frames) > 0 {
			r.answers.Publish(answer.Event{Run: r.run.ID, Gone: f})
		}
	}
}

// Tell hands on to end what has ended above.
func (p *stagePart) Tell(losses []pipeline.Loss) { p.end.Announce(losses...) }

// gone counts frames that end here without a result, and lets end know.
func (p *player) gone(o pipeline.Outcome, frames ...pipeline.Frame) {
	p.ledger.Count(o, len(frames))
	p.edges[0].Announce(pipeline.Loss{NodeID: p.view.ID, Outcome: o, Frames: pipeline.IDsOf(frames...)})
}
