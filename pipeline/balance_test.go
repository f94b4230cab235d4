package pipeline

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tandem/strategy"
)

// What slow accepts and forgets is made good, and what it refuses or does not answer comes back: nothing is gone.
func TestBalanceLosesNothingToANeighbourThatForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := strategy.Lookup("balance")
		slow := &forgetful{every: 700 * time.Millisecond, gone: 300 * time.Millisecond, began: time.Now()}
		recorder := NewRecorder(Run{ID: "r", Frames: 600}, time.Now())
		net := pi()
		net.resident[0] = true
		s := StartStage(t.Context(), StageConfig{
			ID: NodeID{Role: "fast"}, Executor: net, Strategy: e.Start(strategy.Params{}), Keeps: true,
			Holding: Holding{0, 1, net.Shapes}, Cut: 1, Layers: 2, Queue: 100, Window: 2,
			Next: []Hopper{slow}, End: toRecorder(recorder), Failed: func(int, error) {},
		})
		for i := range uint64(600) {
			f := Frame{ID: i, Shapes: [][]int{{1}}, Data: []float32{1}, Label: NoLabel, Since: time.Now()}
			if _, err := s.Offer([]Frame{f}, false); err != nil {
				t.Fatal(err)
			}
			time.Sleep(60 * time.Millisecond)
		}
		slow.dead.Store(true)
		fast := s.Close()
		r := recorder.Close(time.Now(), Entry{NodeID: NodeID{Role: "end"}}, []Entry{{NodeID: NodeID{Role: "client"}, Outcomes: Outcomes{Received: 600, Forwarded: 600}}, fast})
		if r.Delivered != 600 || fast.Here() != 0 || fast.Lost != 0 {
			t.Errorf("%d of 600 frames delivered; %v", r.Delivered, fast)
		}
	})
}

// forgetful is a node that takes frames, finishes none, and is started again and again.
type forgetful struct {
	began       time.Time
	every, gone time.Duration
	dead        atomic.Bool
}

func (f *forgetful) ID() NodeID                    { return NodeID{} }
func (*forgetful) Left(string) bool                { return false }
func (f *forgetful) Life() string                  { return fmt.Sprint(time.Since(f.began) / f.every) }
func (f *forgetful) Neighbour() strategy.Neighbour { return strategy.Neighbour{Up: f.up()} }
func (f *forgetful) up() bool                      { return !f.dead.Load() && time.Since(f.began)%f.every >= f.gone }

func (f *forgetful) Send(_ context.Context, frames []Frame) ([]Feedback, error) {
	if !f.up() {
		return nil, ErrUnreachable
	}
	answers := make([]Feedback, len(frames))
	for i := range answers {
		answers[i] = Feedback{Accepted: true, Capacity: 10, Service: 42 * time.Millisecond, Life: f.Life()}
	}
	return answers, nil
}
