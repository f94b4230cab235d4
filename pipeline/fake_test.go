package pipeline

import (
	"context"
	"time"

	"tandem/strategy"
)

// fakeNet is a network of two layers that take time and compute nothing: layer 0 is the head, layer 1 the tail.
type fakeNet struct {
	head, tail, load time.Duration
	resident         [2]bool
	fail             error // of every Run
	calls            []int // frames of every Run
}

func (n *fakeNet) Run(xs [][]float32, from, to int) ([][]float32, error) {
	if from == 0 {
		time.Sleep(n.head)
	}
	if to == 2 {
		time.Sleep(n.tail)
	}
	n.calls = append(n.calls, len(xs))
	return xs, n.fail
}

func (n *fakeNet) Load(from, to int) error {
	time.Sleep(n.load)
	for i := from; i < to; i++ {
		n.resident[i] = true
	}
	return nil
}

func (n *fakeNet) Prepare(from, to int) (func() error, error) {
	time.Sleep(n.load)
	return func() error {
		for i := from; i < to; i++ {
			n.resident[i] = true
		}
		return nil
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

func (n *fakeNet) Shape(int) []int { return []int{1} }

// sendFunc makes a Sender of a function.
type sendFunc func(context.Context, []Frame) ([]Feedback, error)

func (f sendFunc) Send(ctx context.Context, frames []Frame) ([]Feedback, error) {
	return f(ctx, frames)
}

// up is a sender to a node that always answers.
type up struct{ Sender }

func (up) Up() bool                 { return true }
func (up) RoundTrip() time.Duration { return 0 }
func (up) Pace() time.Duration      { return 0 }
func (up) Losses() int              { return 0 }

// toStage is a wire without delay.
func toStage(s *Stage, kept bool) Sender {
	return sendFunc(func(_ context.Context, frames []Frame) ([]Feedback, error) {
		now := time.Now()
		for i := range frames {
			frames[i].Age, frames[i].Since = frames[i].AgeAt(now), now
		}
		return s.Offer(frames, kept)
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

// chain is a whole pipeline without wires.
type chain struct {
	fast, slow *Stage
	recorder   *Recorder
	run        Run
	whole      bool
}

// startChain starts fast, slow and end for a run of a strategy. The senders may be wrapped to do mischief.
func startChain(run Run, e strategy.Entry, device func() *fakeNet, wrap func(Sender) Sender) *chain {
	c := &chain{run: run, whole: e.Whole, recorder: NewRecorder(run)}
	stage := func(role string, from, to int, s strategy.Strategy, next Sender) *Stage {
		net := device()
		for i := from; i < to; i++ {
			net.resident[i] = true
		}
		cfg := StageConfig{
			ID: NodeID{Role: role}, Executor: net, Strategy: s, Holding: Holding{from, to, net.Shape},
			Cut: 1, Layers: 2, KeepTail: to == 2, Queue: 10, Window: 2,
			End: wrap(toRecorder(c.recorder)), Failed: func(int, error) {},
		}
		if next != nil {
			cfg.Next = []Hopper{up{wrap(next)}}
			cfg.Keeps = e.Keeps
		}
		return StartStage(context.Background(), cfg)
	}
	from, to := 1, 1
	if e.Whole {
		from, to = 0, 2
	}
	c.slow = stage("slow", from, 2, strategy.Finisher{}, nil)
	c.fast = stage("fast", 0, to, e.Start(strategy.Params{Tasks: run.Tasks}), toStage(c.slow, e.Keeps))
	return c
}

// play sends the run's frames on their beat and returns the report.
func (c *chain) play() Report {
	ledger := Ledger{}
	for i := range c.run.Frames {
		to := c.fast
		if c.whole && i%2 == 1 {
			to = c.slow
		}
		ledger.Count(Received, 1)
		ledger.Count(Forwarded, 1)
		f := Frame{ID: i, Shape: []int{1}, Data: []float32{float32(i)}, Label: NoLabel, Since: time.Now()}
		if _, err := to.Offer([]Frame{f}, false); err != nil {
			panic(err)
		}
		time.Sleep(c.run.Interval)
	}
	client := ledger.Entry()
	client.Role = "client"
	return c.recorder.Close(Entry{NodeID: NodeID{Role: "end"}}, []Entry{client, c.fast.Close(), c.slow.Close()})
}

func direct(s Sender) Sender { return s }
