package pipeline

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tandem/strategy"
)

// stage starts a stage that forwards everything to next.
func stage(ctx context.Context, net *fakeNet, s strategy.Strategy, next, end Sender) *Stage {
	net.resident[0] = true
	return StartStage(ctx, StageConfig{
		ID: NodeID{Role: "fast"}, Executor: net, Strategy: s, Holding: Holding{0, 1, net.Shapes},
		Cut: 1, Layers: 2, Queue: 10, Window: 1, Next: []Hopper{up{next}}, End: end, Failed: func(int, error) {},
	})
}

func offer(t *testing.T, s *Stage, n int) (accepted int) {
	t.Helper()
	for i := range n {
		answers, err := s.Offer([]Frame{{ID: uint64(i), Shapes: [][]int{{1}}, Data: []float32{1}}}, false)
		if err != nil {
			t.Fatal(err)
		}
		if answers[0].Accepted {
			accepted++
		}
	}
	return accepted
}

func accept(_ context.Context, frames []Frame) ([]Feedback, error) {
	answers := make([]Feedback, len(frames))
	for i := range answers {
		answers[i].Accepted = true
	}
	return answers, nil
}

// A sender that is behind makes the loop wait, the queue fill, and the entry refuse; nothing else grows, and nothing is
// lost.
func TestBackpressureReachesTheEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unblock := make(chan struct{})
		blocked := sendFunc(func(ctx context.Context, frames []Frame) ([]Feedback, error) {
			<-unblock
			return accept(ctx, frames)
		})
		s := stage(t.Context(), &fakeNet{}, baseline(t), blocked, sendFunc(accept))
		accepted := 0
		for range 100 {
			accepted += offer(t, s, 1)
			synctest.Wait()
		}
		// One call under way, 16 at the hop, one in the loop's hand, ten in the queue.
		if want := 1 + maxCallFrames + 1 + 10; accepted != want {
			t.Errorf("%d frames accepted, want %d", accepted, want)
		}
		close(unblock)
		e := s.Close()
		if e.Lost != 0 || e.Forwarded != int64(accepted) || e.Refused != int64(100-accepted) || e.Here() != 0 {
			t.Errorf("ledger %+v", e)
		}
	})
}

// While a frame waits to leave, the loop takes feedback; otherwise it and the hop would wait for each other.
func TestLoopServesFeedbackWhileAFrameWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := sendFunc(func(ctx context.Context, frames []Frame) ([]Feedback, error) {
			time.Sleep(10 * time.Millisecond)
			return accept(ctx, frames)
		})
		observer := &counting{}
		s := stage(t.Context(), &fakeNet{}, observer, slow, sendFunc(accept))
		sent := 0
		for sent < 200 {
			sent += offer(t, s, 1)
			time.Sleep(time.Millisecond)
		}
		if e := s.Close(); e.Forwarded != 200 || e.Here() != 0 {
			t.Errorf("ledger %+v", e)
		}
		if observer.answers != 200 {
			t.Errorf("the strategy was told %d answers of 200", observer.answers)
		}
	})
}

// counting forwards everything and counts answers.
type counting struct{ answers int }

func (*counting) Next(strategy.Situation) strategy.Decision { return strategy.Decision{} }
func (c *counting) Observe(strategy.Feedback)               { c.answers++ }

// The switch happens on the loop, loses nothing that is on the node, and is counted with its time.
func TestSwitchLosesNoFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refuse := sendFunc(func(_ context.Context, frames []Frame) ([]Feedback, error) {
			return make([]Feedback, len(frames)), nil
		})
		e, _ := strategy.Lookup("takeover")
		s := stage(t.Context(), pi(), e.Start(strategy.Params{Tasks: 3}), refuse, sendFunc(accept))
		offer(t, s, 5)
		entry := s.Close()
		if entry.Switches != 1 || entry.SwitchMS != 580 {
			t.Errorf("%d switches, %v ms", entry.Switches, entry.SwitchMS)
		}
		if entry.Finished != 3 || entry.Forwarded != 2 || entry.Here() != 0 {
			t.Errorf("ledger %+v", entry)
		}
		if want := float64(5*4 + 3*42); entry.BusyMS != want {
			t.Errorf("busy %v ms, want %v", entry.BusyMS, want)
		}
	})
}

// To the strategy, a neighbour that does not answer has refused: fast helps when slow is gone.
func TestDeadNeighbourIsAnOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead := sendFunc(func(context.Context, []Frame) ([]Feedback, error) {
			return nil, ErrUnreachable
		})
		e, _ := strategy.Lookup("takeover")
		s := stage(t.Context(), pi(), e.Start(strategy.Params{Tasks: 3}), dead, sendFunc(accept))
		offer(t, s, 8)
		if entry := s.Close(); entry.Finished < 3 || entry.Lost+entry.Finished != 8 {
			t.Errorf("%d frames lost, %d finished here", entry.Lost, entry.Finished)
		}
	})
}

// Frames that wait are computed together, up to the batch; those that go different ways are not, and none waits for a
// batch to fill.
func TestBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			strategy strategy.Strategy
			batch    int
			want     []int
		}{
			{&counting{}, 1, []int{1, 1, 1, 1, 1, 1, 1, 1}},
			{&counting{}, 4, []int{1, 4, 3}},
			{&counting{}, 100, []int{1, 7}},
			{&pairs{}, 100, []int{1, 1, 2, 2, 2}},
		} {
			net := &fakeNet{head: time.Millisecond, resident: [4]bool{true, true}}
			s := StartStage(t.Context(), StageConfig{
				Executor: net, Strategy: c.strategy, Holding: Holding{0, 1, net.Shapes}, Cut: 1, Layers: 2, KeepTail: true,
				Queue: 10, Batch: c.batch, Window: 1, Next: []Hopper{up{sendFunc(accept)}}, End: sendFunc(accept), Failed: func(int, error) {},
			})
			offer(t, s, 1)
			synctest.Wait() // the first is in the layers before the others come
			offer(t, s, 7)
			if e := s.Close(); e.Forwarded+e.Finished != 8 {
				t.Errorf("ledger %+v", e)
			}
			if !slices.Equal(net.calls, c.want) {
				t.Errorf("batch %d: calls of %v frames, want %v", c.batch, net.calls, c.want)
			}
		}
	})
}

// pairs forwards two, finishes two, and so on.
type pairs struct{ n int }

func (p *pairs) Next(strategy.Situation) strategy.Decision {
	p.n++
	return strategy.Decision{Finish: (p.n-1)/2%2 == 1, Hold: true}
}

func (*pairs) Observe(strategy.Feedback) {}

func TestFailingLayersAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage(t.Context(), &fakeNet{fail: errors.New("overheated")}, baseline(t), sendFunc(accept), sendFunc(accept))
		offer(t, s, 4)
		if e := s.Close(); e.Lost != 4 || e.Here() != 0 {
			t.Errorf("ledger %+v", e)
		}
	})
}

// A tail that can't be loaded costs the frames that were to be finished here, each counted; where it is loaded beside the
// work it costs none.
func TestFailingSwitchesAreCounted(t *testing.T) {
	for _, load := range []Loading{strategy.Blocking, strategy.Background} {
		synctest.Test(t, func(t *testing.T) {
			e, _ := strategy.Lookup("takeover")
			net := pi()
			net.broken = errors.New("the card is gone")
			refuse := sendFunc(func(_ context.Context, frames []Frame) ([]Feedback, error) {
				return make([]Feedback, len(frames)), nil
			})
			s := stage(t.Context(), net, e.Start(strategy.Params{Tasks: 3, Loading: load}), refuse, sendFunc(accept))
			for range 20 {
				offer(t, s, 1)
				time.Sleep(300 * time.Millisecond)
			}
			entry := s.Close()
			if lost := entry.Lost > 0; lost != (load == strategy.Blocking) || entry.Switches != 0 || entry.Finished != 0 || entry.Here() != 0 {
				t.Errorf("%s: %v", load, entry)
			}
		})
	}
}

// When the context ends, what is still on the node is counted as lost, and Close returns.
func TestAbortCountsWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, abort := context.WithCancel(t.Context())
		stuck := sendFunc(func(ctx context.Context, _ []Frame) ([]Feedback, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		s := stage(ctx, &fakeNet{}, baseline(t), stuck, stuck)
		for range 20 {
			offer(t, s, 1)
			synctest.Wait()
		}
		abort()
		if e := s.Close(); e.Received != 20 || e.Lost != 20-e.Refused || e.Here() != 0 {
			t.Errorf("ledger %+v", e)
		}
	})
}

func TestStageRefusesWhatItDoesNotHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage(t.Context(), &fakeNet{}, baseline(t), sendFunc(accept), sendFunc(accept))
		for _, f := range []Frame{
			{Next: 1, Shapes: [][]int{{1}}, Data: []float32{1}},
			{Next: -1, Shapes: [][]int{{1}}, Data: []float32{1}},
			{Next: 0, Shapes: [][]int{{2}}, Data: []float32{1, 2}},
		} {
			good := Frame{Shapes: [][]int{{1}}, Data: []float32{1}}
			if _, err := s.Offer([]Frame{good, f}, false); !errors.Is(err, ErrInvalidFrame) {
				t.Errorf("frame %+v: error %v", f, err)
			}
		}
		if e := s.Close(); e.Received != 0 {
			t.Errorf("of a call with an invalid frame, others were taken: %+v", e)
		}
	})
}

func baseline(t *testing.T) strategy.Strategy {
	e, err := strategy.Lookup("baseline")
	if err != nil {
		t.Fatal(err)
	}
	return e.Start(strategy.Params{})
}
