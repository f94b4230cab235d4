package placement

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// No cuts are better than those that are found, where the order of the devices is given.
func TestCutsTheBest(t *testing.T) {
	cut := 0
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 4))
		devices, layers := 2+random.IntN(4), 2+random.IntN(6)
		n, fleet := randomFleet(random, devices, layers)
		if layers > 3 && random.IntN(2) == 0 {
			n.Bytes[1+random.IntN(layers-1)] = -1
		}
		stages := [][]int{{0}, {1}}
		for d := 2; d < devices; d++ {
			if random.IntN(2) == 0 {
				stages = append(stages, []int{d})
			} else {
				stages[len(stages)-1] = append(stages[len(stages)-1], d)
			}
		}
		g := Goal{Help: random.IntN(2) == 0, Latency: random.IntN(3) == 0}
		if g.Latency {
			g.Offered = 40 * random.Float64()
		}
		best := math.Inf(-1)
		cuttings(layers, len(stages)-1, nil, func(cuts []int) {
			p := Plan{}
			for i, from := range append([]int{0}, cuts...) {
				if n.Bytes[from] < 0 {
					return
				}
				p.Stages = append(p.Stages, Stage{from, stages[i]})
			}
			best = max(best, worth(n, fleet, p, g))
		})
		p, err := Cut(n, fleet, stages, g)
		if errors.Is(err, ErrNoPlan) && math.IsInf(best, -1) {
			continue
		}
		if err != nil {
			t.Fatalf("seed %d: %v, and the best is %.4f", seed, err, best)
		}
		cut++
		if v := worth(n, fleet, p, g); v < best-1e-9*math.Abs(best) {
			t.Errorf("seed %d: %+v has %.6f, and the best %.6f", seed, p, v, best)
		}
		for i, s := range p.Stages {
			if !slices.Equal(s.Devices, stages[i]) {
				t.Errorf("seed %d: stage %d is %v, and %v was given", seed, i, s.Devices, stages[i])
			}
		}
	}
	if cut < 150 {
		t.Errorf("%d of 300 fleets have a plan: the test says little", cut)
	}
}

// cuttings calls f with all ways to cut so many layers so often.
func cuttings(layers, often int, before []int, f func([]int)) {
	if often == 0 {
		f(before)
		return
	}
	least := 1
	if n := len(before); n > 0 {
		least = before[n-1] + 1
	}
	for c := least; c < layers; c++ {
		cuttings(layers, often-1, append(slices.Clip(before), c), f)
	}
}

func TestCutRefuses(t *testing.T) {
	n, fleet := pis(3)
	for name, stages := range map[string][][]int{
		"one stage":              {{0}},
		"two devices at first":   {{0, 1}, {2}},
		"a stage without any":    {{0}, {}},
		"a device that is none":  {{0}, {7}},
		"more stages than cuts":  {{0}, {1}, {2}},
		"a device with a number": {{0}, {-1}},
	} {
		if p, err := Cut(n, fleet, stages, Goal{}); err == nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// A burst of takeover or alternate is worth what the nodes did in fake time: two devices of 55 and 120 ms, cut at 0.556 of the time,
// with bursts of 5 and switches of 100 ms, were offered 62.5 frames a second, and 24.1 of them arrived.
func TestBurst(t *testing.T) {
	n := Network{Bytes: []int{64, 512, 10}, Weights: []int64{1, 1}}
	fleet := []Device{{Layers: []time.Duration{30600 * time.Microsecond, 24400 * time.Microsecond}}, {Layers: []time.Duration{66700 * time.Microsecond, 53300 * time.Microsecond}}}
	g := Goal{Offered: 62.5, Burst: Burst{Tasks: 5, Alternates: true, Places: 10, Switch: 100 * time.Millisecond}}
	p, err := Cut(n, fleet, [][]int{{0}, {1}}, g)
	if err != nil || math.Abs(p.Rate/24.1-1) > 0.03 {
		t.Errorf("%.2f f/s, %v", p.Rate, err)
	}
	g.Offered = 15 // no overload
	if r := g.Rate(n, fleet, p); math.Abs(r-15) > 1e-9 {
		t.Errorf("%.2f f/s of 15", r)
	}
}
