package transport

import (
	"context"
	"errors"
	"time"

	"connectrpc.com/connect"

	"tandem/pipeline"
	"tandem/transport/wire"
)

// Told is what a subscriber is told at once of a run's frames; nothing: the stream is alive.
type Told struct {
	Answers []pipeline.Frame // with the outputs
	Gone    []pipeline.Loss  // of those that will have no answer
	Missed  int64            // answers that the subscriber was too slow for
}

// Beat is the longest time between two messages of a stream.
const Beat = 500 * time.Millisecond

// toldFrames is how many frames go in one message of a stream.
const toldFrames = 64

// Answers streams what becomes of a run's frames. Each write has its time, which is the connection's.
func (h handler) Answers(ctx context.Context, m *wire.AnswersRequest, stream *connect.ServerStream[wire.AnswersResponse]) error {
	return h.node.Answers(ctx, m.GetRun(), m.GetAgain(), func(t Told) error {
		losses := lossesToWire(t.Gone)
		for first := true; first || len(t.Answers)+len(losses) > 0; first = false {
			n, bytes := 0, 0
			for n < min(len(t.Answers), toldFrames) && (n == 0 || bytes < h.told) {
				bytes += 4 * len(t.Answers[n].Data)
				n++
			}
			gone := losses[:min(len(losses), pipeline.MaxLosses)]
			err := stream.Send(&wire.AnswersResponse{Answers: framesToWire(t.Answers[:n], Float32, time.Now()), Gone: gone, Missed: t.Missed})
			if err != nil {
				return err
			}
			t.Answers, losses, t.Missed = t.Answers[n:], losses[len(gone):], 0
		}
		return nil
	})
}

// Answers tells what becomes of a run's frames, which the node has to be end for, until the context ends, the stream breaks, or
// nothing has come on it for the time of a call. The run may be opened later. again: the newest of before come first. begun is
// called once the node has taken the subscription.
func (c *Client) Answers(ctx context.Context, run string, again bool, begun func(), tell func(Told)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	alarm := time.AfterFunc(c.limits.Call, func() { cancel(errLate) })
	defer alarm.Stop()
	stream, err := c.node.Answers(ctx, &wire.AnswersRequest{Run: run, Again: again})
	if err != nil {
		return c.ended(ctx, err)
	}
	defer func() { _ = stream.Close() }() // what is still in it is not wanted
	for first := true; stream.Receive(); first = false {
		alarm.Reset(c.limits.Call)
		m := stream.Msg()
		if err := check(m); err != nil {
			return c.checked(m, nil)
		}
		frames, wrongFrame := framesFromWire(m.GetAnswers(), time.Now())
		losses, wrongLoss := lossesFromWire(m.GetGone())
		if err := errors.Join(wrongFrame, wrongLoss); err != nil {
			return err
		}
		if first {
			begun()
		}
		tell(Told{frames, losses, m.GetMissed()})
	}
	return c.ended(ctx, stream.Err())
}

// ended says why a stream has ended; nil: end is stopping.
func (c *Client) ended(ctx context.Context, err error) error {
	if context.Cause(ctx) == errLate {
		return c.unreachable(context.DeadlineExceeded)
	}
	if err != nil {
		err = c.fromWire(err)
	}
	return err
}
