package pipeline

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"tandem/strategy"
)

// narrow is a link that carries one frame after the other.
type narrow struct {
	up
	frame time.Duration
	free  chan struct{} // holds one where nothing is on the link
}

func (n narrow) Neighbour() strategy.Neighbour {
	return strategy.Neighbour{Up: true, Pace: n.frame}
}

func (n narrow) Send(ctx context.Context, frames []Frame) ([]Feedback, error) {
	<-n.free
	time.Sleep(time.Duration(len(frames)) * n.frame)
	n.free <- struct{}{}
	return n.Sender.Send(ctx, frames)
}

// Where the link is the bottleneck and not the slow node, balance finishes on fast what the link does not carry: head a
// on fast, a link that takes l for a frame and a tail of own there make a capacity of 1/l + (1 - a/l)/(a + own).
func TestBalanceHelpsANarrowLink(t *testing.T) {
	const a, l, own = 4, 60, 42
	capacity := 1000 * (1./l + (1-float64(a)/l)/(a+own))
	synctest.Test(t, func(t *testing.T) {
		e, _ := strategy.Lookup("balance")
		recorder := NewRecorder(Run{ID: "r", Frames: 1000}, time.Now())
		device := func(from, to int, tail time.Duration) StageConfig {
			net := &fakeNet{head: a * time.Millisecond, tail: tail}
			net.resident[0], net.resident[1] = true, true
			return StageConfig{
				Executor: net, Holding: Holding{from, to, net.Shapes}, Cut: 1, Layers: 2, KeepTail: true,
				Queue: 10, Window: 4, End: toRecorder(recorder), Failed: func(int, error) {},
			}
		}
		c := device(1, 2, 10*time.Millisecond)
		c.ID, c.Strategy = NodeID{Role: "slow"}, strategy.Finisher{}
		free := make(chan struct{}, 1)
		slow := StartStage(t.Context(), c)
		c = device(0, 1, own*time.Millisecond)
		c.ID, c.Strategy, c.Keeps = NodeID{Role: "fast"}, e.Start(strategy.Params{}), true
		c.Next = []Hopper{narrow{up{toStage(slow, true)}, l * time.Millisecond, free}}
		free <- struct{}{}
		fast := StartStage(t.Context(), c)
		for i := range uint64(1000) {
			f := Frame{ID: i, Shapes: [][]int{{1}}, Data: []float32{1}, Label: NoLabel, Since: time.Now()}
			if _, err := fast.Offer([]Frame{f}, false); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(float64(time.Second) / (0.97 * capacity)))
		}
		r := recorder.Close(time.Now(), Entry{NodeID: NodeID{Role: "end"}}, []Entry{{NodeID: NodeID{Role: "client"}, Outcomes: Outcomes{Received: 1000, Forwarded: 1000}}, fast.Close(), slow.Close()})
		if r.Coverage < 99.9 || r.Unaccounted != 0 {
			t.Errorf("coverage %v at 0.97 of %.1f f/s, %d unaccounted", r.Coverage, capacity, r.Unaccounted)
		}
		if r.Latency.P99 > 500 {
			t.Errorf("p99 of the ages is %v ms", r.Latency.P99)
		}
	})
}
