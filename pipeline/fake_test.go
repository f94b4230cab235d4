package pipeline

import (
	"context"
	"slices"
	"time"

	"tandem/strategy"
)

// fakeNet is a network whose layers take time and compute nothing: layer 0 is the head, and each other takes as long as a
// tail.
type fakeNet struct {
	head, tail, load time.Duration
	slower           func() int // by this factor, now; nil: it does not change
	resident         [4]bool
	fail             error // of every Run
	broken           error // of every Load, and of what was prepared
	calls            []int // frames of every Run
}

func (n *fakeNet) Run(xs [][]float32, from, to int) ([][]float32, error) {
	takes := time.Duration(0)
	for i := from; i < to; i++ {
		if i == 0 {
			takes += n.head
		} else {
			takes += n.tail
		}
	}
	if n.slower != nil {
		takes *= time.Duration(n.slower())
	}
	time.Sleep(takes)
	n.calls = append(n.calls, len(xs))
	return xs, n.fail
}

func (n *fakeNet) Load(from, to int) error {
	time.Sleep(n.load)
	for i := from; i < to; i++ {
		n.resident[i] = n.broken == nil
	}
	return n.broken
}

func (n *fakeNet) Prepare(from, to int) (func() error, error) {
	time.Sleep(n.load)
	return func() error {
		for i := from; i < to; i++ {
			n.resident[i] = n.broken == nil
		}
		return n.broken
	}, nil
}

func (n *fakeNet) Drop(from, to int) {
	for i := from; i < to; i++ {
		n.resident[i] = false
	}
}

func (n *fakeNet) Resident(from, to int) bool {
	for i := from; i < to; i++ {
		if !n.resident[i] {
			return false
		}
	}
	return true
}

func (n *fakeNet) Shapes(int) [][]int { return [][]int{{1}} }

// sendFunc makes a Sender of a function.
type sendFunc func(context.Context, []Frame) ([]Feedback, error)

func (f sendFunc) Send(ctx context.Context, frames []Frame) ([]Feedback, error) {
	return f(ctx, frames)
}

// up is a sender to a node that always answers.
type up struct{ Sender }

func (up) Neighbour() strategy.Neighbour { return strategy.Neighbour{Up: true} }
func (up) ID() NodeID                    { return NodeID{} }
func (up) Left(string) bool              { return false }
func (up) Life() string                  { return "" }

// toStage is a wire without delay.
func toStage(s *Stage, kept bool) Sender {
	return sendFunc(func(_ context.Context, frames []Frame) ([]Feedback, error) {
		now, arrived := time.Now(), slices.Clone(frames)
		for i := range arrived {
			f := &arrived[i]
			f.Age, f.Since, f.Data = f.AgeAt(now), now, slices.Clone(f.Data)
		}
		answers, err := s.Offer(arrived, kept)
		for i := range answers {
			answers[i].Life = s.c.Life
		}
		return answers, err
	})
}

func toRecorder(r *Recorder) Sender {
	return sendFunc(func(_ context.Context, frames []Frame) ([]Feedback, error) {
		now, answers := time.Now(), make([]Feedback, len(frames))
		for i := range frames {
			f := frames[i]
			f.Age, f.Since = f.AgeAt(now), now
			r.Add(&f)
			answers[i].Accepted = true
		}
		return answers, nil
	})
}

// pi is what explains the original's results: a Pi 3 under its software.
func pi() *fakeNet {
	return &fakeNet{head: 4 * time.Millisecond, tail: 42 * time.Millisecond, load: 580 * time.Millisecond}
}
