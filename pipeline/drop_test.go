package pipeline

import (
	"context"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tandem/strategy"
)

// Every strategy that answers an overload answers a slow node that drops its oldest frames as well as one that refuses
// the newest.
func TestDroppingTheOldestIsAnOverload(t *testing.T) {
	for _, e := range strategy.All() {
		if e.Whole || e.Loading == "" {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := oneSlow(Run{ID: "r", Strategy: e.Name, Tasks: 10, Frames: 300, Interval: 20 * time.Millisecond}, pi)
				p.adjust = func(c *StageConfig) { c.Drop = DropOldest }
				r := p.start().play()
				if fast := r.Nodes[1]; fast.Finished == 0 || fast.Switches == 0 {
					t.Errorf("fast has not helped: %v", r.Nodes)
				}
				if r.Unaccounted != 0 {
					t.Errorf("%d frames are unaccounted for", r.Unaccounted)
				}
			})
		})
	}
}

// A queue that drops the oldest has young frames only, and no frame is computed that is too old already.
func TestFramesStayYoung(t *testing.T) {
	for _, c := range []struct {
		name   string
		adjust func(*StageConfig)
		most   float64 // age at end, in ms
	}{
		{"drop oldest", func(c *StageConfig) { c.Queue, c.Drop = 2, DropOldest }, 4 + 3*42 + 42},
		{"max age", func(c *StageConfig) { c.MaxAge = 100 * time.Millisecond }, 100 + 42},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := oneSlow(Run{ID: "r", Strategy: "baseline", Frames: 300, Interval: 20 * time.Millisecond}, pi)
				p.adjust = c.adjust
				r := p.start().play()
				if r.Latency.Max > 1.002*c.most || r.Rate < 0.95*1000/42 { // the histogram keeps three digits
					t.Errorf("the oldest frame is %v ms old, and %v come a second", r.Latency.Max, r.Rate)
				}
				slow := r.Nodes[2]
				if r.Unaccounted != 0 || slow.Dropped+slow.Expired == 0 || slow.Dropped*slow.Expired != 0 {
					t.Errorf("%d unaccounted: %v", r.Unaccounted, slow)
				}
			})
		})
	}
}

// A node that answers what can't be does no harm.
func TestImpossibleAnswersDoNoHarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		impossible := sendFunc(func(_ context.Context, frames []Frame) ([]Feedback, error) {
			answers := make([]Feedback, len(frames))
			for i := range answers {
				n := calls.Add(1)
				most := []int{math.MinInt32, -1, 0, math.MaxInt32}[n%4]
				answers[i] = Feedback{Accepted: n%8 < 4, Length: most, Capacity: most, Left: [][2]uint64{{uint64(most), 1 << 40}}, Service: time.Duration(most) << 31}
			}
			return answers, nil
		})
		for _, e := range strategy.All() {
			recorder := NewRecorder(Run{ID: "r"}, time.Now())
			net := pi()
			net.resident[0] = true
			s := StartStage(t.Context(), StageConfig{
				ID: NodeID{Role: "fast"}, Executor: net, Strategy: e.Start(strategy.Params{Tasks: 3}), Keeps: e.Keeps,
				Holding: Holding{0, 1, net.Shapes}, Cut: 1, Layers: 2, Queue: 10, Window: 2,
				Next: []Hopper{up{impossible}, up{impossible}}, End: toRecorder(recorder), Failed: func(int, error) {},
			})
			for i := range 200 {
				_, _ = s.Offer([]Frame{{ID: uint64(i), Shapes: [][]int{{1}}, Data: []float32{1}, Since: time.Now()}}, false)
				time.Sleep(30 * time.Millisecond)
			}
			if entry := s.Close(); entry.Here() != 0 {
				t.Errorf("%s: %v", e.Name, entry)
			}
		}
	})
}
