package recut

import (
	"math"
	"slices"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/role/plan"
	"tandem/strategy/placement"
	"tandem/transport"
)

// layered is the share of the time that the layers of testdata/digits_cnn.onnx have on an emulated device.
var layered = []float64{0.0935, 0, 0.1662, 0.2778, 0, 0.3018, 0, 0.1216, 0, 0.0230, 0.0161}

// emulated is a run on devices that take so long for the network, of each stage, over links of so many bytes a second.
func emulated(name string, interval time.Duration, rate float64, takes ...[]time.Duration) rehearsal {
	s := transport.Survey{Sizes: []int{64, 512, 512, 128, 128, 128, 128, 128, 64, 32, 10, 10}, Weights: make([]int64, len(layered))}
	r := rehearsal{run: pipeline.Run{Strategy: name, Tasks: 5, Interval: interval}, sizes: s.Sizes, switches: 100 * ms}
	for stage, these := range takes {
		for i, whole := range these {
			site := transport.Site{NodeID: at(stage, i), Stage: stage, Way: transport.Way{There: rate, Back: rate}}
			for _, share := range layered {
				site.Layers = append(site.Layers, time.Duration(share*float64(whole)))
			}
			s.Sites, r.queues = append(s.Sites, site), append(r.queues, 10)
		}
	}
	r.network, r.devices, r.stages = plan.Places(s, "", func(pipeline.NodeID) (float64, bool) { return 1, true })
	return r
}

// A rehearsal says what real nodes did in fake time, in package role: results a second from the third second of a run on.
func TestRehearsal(t *testing.T) {
	chain := emulated("takeover", 14*ms, 13e6, []time.Duration{84 * ms}, []time.Duration{129 * ms}, []time.Duration{75 * ms, 72 * ms, 77 * ms})
	pair := emulated("alternate", 16*ms, 0, []time.Duration{55 * ms}, []time.Duration{120 * ms})
	for _, test := range []struct {
		rehearsal
		cuts []int
		want float64
	}{
		{chain, []int{1, 2}, 51.7}, // slow nodes in the middle have bursts too
		{chain, []int{1, 3}, 33.2}, // fast works off its own queue after each burst
		{chain, []int{3, 4}, 28.3},
		{chain, []int{1, 4}, 25.5},
		{chain, []int{4, 5}, 22.1},
		{pair, []int{4}, 24.1},
	} {
		p := placement.Plan{}
		for i, from := range append([]int{0}, test.cuts...) {
			p.Stages = append(p.Stages, placement.Stage{From: from, Devices: test.stages[i]})
		}
		if got := test.rate(p); math.Abs(got/test.want-1) > 0.03 {
			t.Errorf("%s at %v: %.2f f/s, and the nodes had %.2f", test.run.Strategy, test.cuts, got, test.want)
		}
	}
	if best, err := chain.best(); err != nil || !slices.Equal(best.Cuts(), []int{1, 2}) {
		t.Errorf("%+v, %v", best, err)
	}
}

// Queues that are longer on some nodes count: a burst of takeover makes a short queue behind run dry.
func TestRehearsalKnowsQueues(t *testing.T) {
	r := emulated("takeover", 14*ms, 0, []time.Duration{60 * ms}, []time.Duration{90 * ms})
	r.run.Tasks = 20
	p := placement.Plan{Stages: []placement.Stage{{From: 0, Devices: r.stages[0]}, {From: 3, Devices: r.stages[1]}}}
	short := r.rate(p)
	if r.queues = []int{10, 40}; r.rate(p) < 1.05*short {
		t.Errorf("%.2f f/s with 40 places, and %.2f with 10", r.rate(p), short)
	}
}

// A run that overloads nobody, or whose client keeps no beat, has a best cut too.
func TestRehearsalOfAnyBeat(t *testing.T) {
	for _, interval := range []time.Duration{0, time.Second} {
		r := emulated("takeover", interval, 0, []time.Duration{60 * ms}, []time.Duration{90 * ms})
		if best, err := r.best(); err != nil || best.Rate < r.offered(10) {
			t.Errorf("one every %v: %+v, %v", interval, best, err)
		}
	}
}
