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

// Plans that are looked through one after the other begin with the best, and leave out what does not fit.
func TestPlans(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 6))
		n, fleet := randomFleet(random, 3, 3+random.IntN(5))
		stages := [][][]int{{{0}, {1}, {2}}, {{0}, {1, 2}}}[random.IntN(2)]
		g := Goal{Help: random.IntN(2) == 0}
		best, err := Cut(n, fleet, stages, g)
		plans, other := Plans(n, fleet, stages, g)
		if (err == nil) != (other == nil) {
			t.Fatalf("seed %d: %v, and %v", seed, err, other)
		}
		for i, p := range plans {
			to := len(n.Weights)
			for _, s := range slices.Backward(p.Stages) {
				var weights int64
				for _, w := range n.Weights[s.From:to] {
					weights += w
				}
				for _, d := range s.Devices {
					if m := fleet[d].Memory; m > 0 && weights > m {
						t.Errorf("seed %d: %+v needs %d bytes on %d, which has %d", seed, p, weights, d, m)
					}
				}
				to = s.From
			}
			if i > 0 && p.Rate > plans[i-1].Rate {
				t.Errorf("seed %d: %g f/s come after %g", seed, p.Rate, plans[i-1].Rate)
			}
		}
		if err == nil && math.Abs(plans[0].Rate-best.Rate) > 1e-9*best.Rate {
			t.Errorf("seed %d: %g f/s at most, and %g can be had", seed, plans[0].Rate, best.Rate)
		}
	}
}

// Of a network of many layers so many plans are made that one can look through them.
func TestPlansOfManyLayers(t *testing.T) {
	for often := 1; often <= 5; often++ {
		n, fleet, stages := Network{Bytes: slices.Repeat([]int{8}, 101), Weights: make([]int64, 100)}, []Device(nil), [][]int(nil)
		for d := range often + 1 {
			fleet, stages = append(fleet, Device{Layers: slices.Repeat([]time.Duration{time.Millisecond}, 100)}), append(stages, []int{d})
		}
		plans, err := Plans(n, fleet, stages, Goal{})
		if err != nil || len(plans) < 99 || len(plans) > 2*mostPlans {
			t.Errorf("%d cuts: %d plans, %v", often, len(plans), err)
		}
		if best := float64(10 * (often + 1)); plans[0].Rate < 0.75*best {
			t.Errorf("%d cuts: %.3f f/s of %.3f", often, plans[0].Rate, best)
		}
	}
}
