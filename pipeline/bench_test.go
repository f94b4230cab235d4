package pipeline

import (
	"context"
	"slices"
	"testing"
	"time"
)

// timedNet takes note of how long its layers took.
type timedNet struct {
	fakeNet
	took time.Duration
}

func (n *timedNet) Run(xs [][]float32, from, to int) ([][]float32, error) {
	began := time.Now()
	out, err := n.fakeNet.Run(xs, from, to)
	n.took = time.Since(began)
	return out, err
}

// BenchmarkStageOverhead offers a stage 33 frames a second and reports what it adds to the time of the layers, from the
// moment a frame is offered to the moment it is handed to the wire: the median and the worst frame.
func BenchmarkStageOverhead(b *testing.B) {
	const interval = 30 * time.Millisecond
	net := &timedNet{fakeNet: fakeNet{head: 4 * time.Millisecond}}
	net.resident[0] = true
	var offered time.Time
	var added []time.Duration
	left := make(chan struct{})
	next := sendFunc(func(ctx context.Context, frames []Frame) ([]Feedback, error) {
		added = append(added, time.Since(offered)-net.took)
		left <- struct{}{}
		return accept(ctx, frames)
	})
	s := StartStage(b.Context(), StageConfig{
		ID: NodeID{Role: "fast"}, Executor: net, Strategy: &counting{}, Holding: Holding{0, 1, net.Shapes},
		Cut: 1, Layers: 2, Queue: 10, Window: 4, Next: []Hopper{up{next}}, End: sendFunc(accept), Failed: func(int, error) {},
	})
	data := make([]float32, 2000)
	b.ReportAllocs()
	for b.Loop() {
		time.Sleep(interval - 4*time.Millisecond)
		offered = time.Now()
		if _, err := s.Offer([]Frame{{Shapes: [][]int{{1}}, Data: data}}, false); err != nil {
			b.Fatal(err)
		}
		<-left
	}
	s.Close()
	slices.Sort(added)
	b.ReportMetric(float64(added[len(added)/2].Microseconds()), "µs-added/frame")
	b.ReportMetric(float64(added[len(added)-1].Microseconds()), "µs-added-worst")
}
