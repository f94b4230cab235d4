package edge

import (
	"context"
	"time"

	"tandem/pipeline"
	"tandem/role/target"
	"tandem/transport"
)

// gather is how long a frame's loss waits for others before it is told.
const gather = 10 * time.Millisecond

// Announce has the neighbour told of frames that have ended here or further up: with the next call, and soon.
func (e *Edge) Announce(losses ...pipeline.Loss) {
	if e.losses.Add(losses...); len(losses) > 0 {
		select {
		case e.telling <- struct{}{}:
		default:
		}
	}
}

// flush tells what is still to be told, where the neighbour can hear it: the report counts it anyway.
func (e *Edge) flush(ctx context.Context) {
	if e.losses.Waiting() {
		ctx, cancel := context.WithTimeout(ctx, target.DialTime)
		defer cancel()
		_, _ = e.push(ctx, transport.Pushing{})
	}
}
