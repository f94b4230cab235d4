package pipeline

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/strategy"
)

// rebegun is a node that begins another life, with or without having handed on what the one before had.
type rebegun struct {
	left bool

	mu   sync.Mutex
	life string
	sent int
}

func (r *rebegun) Send(_ context.Context, frames []Frame) ([]Feedback, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent += len(frames)
	answers := make([]Feedback, len(frames))
	for i := range answers {
		answers[i] = Feedback{Accepted: true, Capacity: 10, Life: r.life, Number: uint64(r.sent - i)}
	}
	return answers, nil
}

func (r *rebegun) Life() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.life
}

func (r *rebegun) Left(life string) bool       { return r.left && life == "1" }
func (*rebegun) Neighbour() strategy.Neighbour { return strategy.Neighbour{Up: true} }
func (*rebegun) ID() NodeID                    { return NodeID{"slow", "s"} }

// Frames that a life of a node has taken are sent again when it is over, unless it has left the run politely.
func TestFramesOfALifeThatHasLeftAreNotSentAgain(t *testing.T) {
	for left, want := range map[bool]int{true: 3, false: 6} {
		synctest.Test(t, func(t *testing.T) {
			to := &rebegun{left: left, life: "1"}
			s := StartStage(t.Context(), StageConfig{
				ID: NodeID{Role: "fast"}, Executor: &fakeNet{resident: [4]bool{true}}, Strategy: baseline(t), Keeps: true, Holding: Holding{0, 1, new(fakeNet).Shapes},
				Cut: 1, Layers: 2, Queue: 10, Window: 1, Next: []Hopper{to}, End: sendFunc(accept), Failed: func(int, error) {},
			})
			offer(t, s, 3)
			time.Sleep(time.Second)
			to.mu.Lock()
			to.life = "2"
			to.mu.Unlock()
			e := s.Close()
			if to.sent != want || e.Forwarded != 3 || e.Here() != 0 || len(e.Handed) == 0 {
				t.Errorf("left %v: %d frames are sent, and want %d: %v, handed %v", left, to.sent, want, e, e.Handed)
			}
		})
	}
}
