package answer

import (
	"context"
	"fmt"
	"time"

	"tandem/pipeline"
	"tandem/transport"
)

// Stream tells a subscriber what becomes of the frames of a run, or of any where that is empty, until the context ends, tell
// fails, or the fan is closed. again: the newest of before come first. Where there are too many subscribers the error is
// pipeline.ErrBusy.
func (f *Fan) Stream(ctx context.Context, run string, again bool, tell func(transport.Told) error) error {
	s, err := f.Subscribe(run, again)
	if err != nil {
		return fmt.Errorf("%w: %w", pipeline.ErrBusy, err)
	}
	defer s.Close()
	beat := time.NewTicker(transport.Beat)
	defer beat.Stop()
	if err := tell(transport.Told{}); err != nil { // the subscriber knows that it has begun
		return err
	}
	for open := true; open; {
		select {
		case _, open = <-s.Ready():
		case <-beat.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := tell(told(s.Take())); err != nil {
			return err
		}
	}
	return nil
}

// told is what has happened, as it is sent.
func told(events []Event, missed int64) transport.Told {
	t := transport.Told{Missed: missed}
	now := time.Now()
	for _, e := range events {
		if e.Answer != nil {
			t.Answers = append(t.Answers, e.Answer.frame(now))
		} else {
			t.Gone = append(t.Gone, e.Gone)
		}
	}
	return t
}

// frame is the one that brought the answer.
func (a *Answer) frame(now time.Time) pipeline.Frame {
	f := pipeline.Frame{
		ID: a.ID, Label: pipeline.NoLabel, By: pipeline.NodeID{Role: a.Node, Address: a.Address},
		Age: time.Duration(a.AgeMS * float64(time.Millisecond)), Since: now,
	}
	if a.Label != nil {
		f.Label = *a.Label
	}
	for i, o := range a.Outputs {
		f.Shapes = append(f.Shapes, o.Shape)
		if i == 0 {
			f.Data = o.Values[:len(o.Values):len(o.Values)] // a further one makes a copy
		} else {
			f.Data = append(f.Data, o.Values...)
		}
	}
	return f
}
