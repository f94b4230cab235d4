package placement

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

const ms = time.Millisecond

// pis are devices of the study: the head takes 4 ms, the tail 42 ms.
func pis(n int) (Network, []Device) {
	fleet := make([]Device, n)
	for i := range fleet {
		fleet[i] = Device{Name: fmt.Sprint("pi", i), Layers: []time.Duration{4 * ms, 42 * ms}}
	}
	return Network{Bytes: []int{400, 8000, 8000}, Weights: []int64{800e3, 16e6}}, fleet
}

func TestRate(t *testing.T) {
	for _, test := range []struct {
		name    string
		devices int
		help    bool
		rate    float64
	}{
		{"slow is the limit", 2, false, 1 / 0.042},
		{"fast finishes what slow has no time for", 2, true, 1/0.042 + (1-0.004/0.042)/0.046},
		{"two slow nodes", 3, false, 2 / 0.042},
		{"the head is the limit", 14, true, 250},
	} {
		t.Run(test.name, func(t *testing.T) {
			n, fleet := pis(test.devices)
			p, err := Find(n, fleet, Goal{Help: test.help})
			if err != nil || math.Abs(p.Rate-test.rate) > 1e-6 {
				t.Fatalf("%.3f f/s, want %.3f: %+v, %v", p.Rate, test.rate, p, err)
			}
			if want := 4*ms + 42*ms; p.Latency != want || !slices.Equal(p.Cuts(), []int{1}) {
				t.Errorf("latency %v, cuts %v", p.Latency, p.Cuts())
			}
		})
	}
}

// A link of so many bytes a second is a limit as a processor is.
func TestLinkIsTheLimit(t *testing.T) {
	n, fleet := pis(2)
	for i := range fleet {
		fleet[i].Link = Link{Send: 80e3, Receive: 80e3, Delay: ms} // ten activations, or ten outputs
	}
	p, err := Find(n, fleet, Goal{})
	if err != nil || math.Abs(p.Rate-10) > 1e-6 {
		t.Errorf("%.3f f/s, %v", p.Rate, err)
	}
	if want := 4*ms + 42*ms + 200*ms + 2*ms; (p.Latency - want).Abs() > time.Microsecond {
		t.Errorf("latency %v, want %v", p.Latency, want)
	}
}

// randomFleet has devices of which some are alike, some small, some behind a slow link.
func randomFleet(random *rand.Rand, devices, layers int) (Network, []Device) {
	n := Network{Bytes: []int{1 + random.IntN(1000)}}
	work := make([]float64, layers)
	for i := range work {
		n.Bytes = append(n.Bytes, 1+random.IntN(5000))
		n.Weights = append(n.Weights, int64(1+random.IntN(1000)))
		work[i] = 1 + 20*random.Float64()
	}
	var fleet []Device
	for i := range devices {
		if i > 0 && random.IntN(3) == 0 {
			fleet = append(fleet, fleet[random.IntN(i)])
			continue
		}
		d, speed := Device{Layers: make([]time.Duration, layers)}, 0.3+2*random.Float64()
		for l, w := range work {
			d.Layers[l] = time.Duration(w * speed * (0.8 + 0.4*random.Float64()) * float64(ms))
		}
		if random.IntN(3) == 0 {
			d.Memory = total(n.Weights) * int64(20+random.IntN(100)) / 100
		}
		if random.IntN(2) == 0 {
			d.Link = Link{Send: 5e4 + 1e6*random.Float64(), Receive: 5e4 + 1e6*random.Float64(), Delay: time.Duration(random.IntN(5)) * ms}
		}
		fleet = append(fleet, d)
	}
	return n, fleet
}

func total(weights []int64) (all int64) {
	for _, w := range weights {
		all += w
	}
	return all
}

// plans calls f with every plan that there is: every order, every cut, every share of a stage.
func plans(layers, from int, left []int, before []Stage, f func(Plan)) {
	for members := 1; members < 1<<len(left); members++ {
		var who, rest []int
		for i, d := range left {
			if members>>i&1 == 1 {
				who = append(who, d)
			} else {
				rest = append(rest, d)
			}
		}
		if from == 0 && len(who) > 1 {
			continue
		}
		stages := append(slices.Clip(before), Stage{from, who})
		if from > 0 {
			f(Plan{Stages: stages})
		}
		for to := from + 1; to < layers; to++ {
			plans(layers, to, rest, stages, f)
		}
	}
}

// No plan is better than the one that is found.
func TestFindsTheBest(t *testing.T) {
	none := 0
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		devices, layers := 2+random.IntN(3), 2+random.IntN(5)
		n, fleet := randomFleet(random, devices, layers)
		g := Goal{Help: random.IntN(2) == 0, Latency: random.IntN(3) == 0}
		if g.Latency {
			g.Offered = 40 * random.Float64()
		}
		best, all := math.Inf(-1), make([]int, devices)
		for i := range all {
			all[i] = i
		}
		plans(layers, 0, all, nil, func(p Plan) {
			if v := worth(n, fleet, p, g); v > best {
				best = v
			}
		})
		p, err := Find(n, fleet, g)
		if errors.Is(err, ErrNoPlan) {
			none++
			if !math.IsInf(best, -1) {
				t.Errorf("seed %d: %v, and the best is %.4f", seed, err, best)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if v := worth(n, fleet, p, g); v < best-1e-9*math.Abs(best) {
			t.Errorf("seed %d: %+v has %.6f, and the best %.6f", seed, p, v, best)
		}
	}
	if none > 60 {
		t.Errorf("%d of 300 fleets have no plan: the test says little", none)
	}
}

// worth is a plan's value, by Rate and Latency alone; −∞: it can't be.
func worth(n Network, fleet []Device, p Plan, g Goal) float64 {
	to := len(n.Weights)
	for _, s := range slices.Backward(p.Stages) {
		for _, d := range s.Devices {
			if fleet[d].Memory > 0 && total(n.Weights[s.From:to]) > fleet[d].Memory {
				return math.Inf(-1)
			}
		}
		to = s.From
	}
	switch {
	case !g.Latency:
		return Rate(n, fleet, p, g.Help)
	case Rate(n, fleet, p, false) < g.Offered:
		return math.Inf(-1)
	}
	return -Latency(n, fleet, p).Seconds()
}

// What a stage passes on is shared so well that no other share is better.
func TestStageSharesBest(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 2))
		n, fleet := randomFleet(random, 2, 4)
		a, _ := newProfile(n, fleet[0]).part(1, 3, random.IntN(2) == 0)
		b, _ := newProfile(n, fleet[1]).part(1, 3, random.IntN(2) == 0)
		takes := 100 * random.Float64()
		got, best := newOffer([]part{a, b}).rate(takes), 0.0
		for i := range 2001 {
			x := min(takes*float64(i)/2000, a.most())
			best = max(best, a.together(x)+b.together(min(takes-x, b.most())), a.together(x)+b.together(0))
		}
		if got < best-1e-9 || got > best*1.002+1e-9 {
			t.Errorf("seed %d: %.5f f/s, and the best of 2001 shares has %.5f", seed, got, best)
		}
	}
}

// Twenty devices, of which most are alike, and a thousand layers take seconds at most; what is thinned out costs little.
func TestLargeFleet(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 3))
	n, few := randomFleet(random, 3, 300)
	var fleet []Device
	for i := range 20 {
		d := few[i%3]
		d.Memory, d.Link = 0, Link{}
		fleet = append(fleet, d)
	}
	p, err := Find(n, fleet, Goal{Help: true})
	if err != nil {
		t.Fatal(err)
	}
	limit := 0.0 // were there no cuts, and each layer as slow as the device's others
	for _, d := range fleet {
		limit += 1 / whole(d)
	}
	if p.Rate < 0.97*limit || p.Rate > limit*1.03 {
		t.Errorf("%.3f f/s, and all devices together have %.3f: %v", p.Rate, limit, p)
	}
}

func TestWhatCannotBePlaced(t *testing.T) {
	n, fleet := pis(2)
	small := slices.Clone(fleet)
	small[0].Memory, small[1].Memory = 1e6, 1e6
	for _, test := range []struct {
		name  string
		net   Network
		fleet []Device
		goal  Goal
		want  string
	}{
		{"one device", n, fleet[:1], Goal{}, "no plan: a pipeline has two devices at least, and 1 is there"},
		{"no memory", n, small, Goal{}, "no plan: the weights are too large for the memory of these devices, wherever the network is cut"},
		{"too many frames", n, fleet, Goal{Latency: true, Offered: 1000}, "no plan: no order of these devices carries 1000 frames a second within their memory"},
		{"other layers", n, []Device{fleet[0], {Name: "b", Layers: []time.Duration{ms}}}, Goal{}, "b was measured for 1 layers, and the network has 2"},
		{"one layer", Network{Bytes: []int{1, 1}, Weights: []int64{1}}, fleet, Goal{}, "no plan: a network of one layer can't be cut"},
	} {
		if _, err := Find(test.net, test.fleet, test.goal); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	for _, size := range [][2]int{{3, 100}, {4, 400}, {6, 200}, {20, 300}} {
		b.Run(fmt.Sprintf("%d devices, %d layers", size[0], size[1]), func(b *testing.B) {
			n, fleet := randomFleet(rand.New(rand.NewPCG(1, 4)), size[0], size[1])
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Find(n, fleet, Goal{Help: true}); err != nil && !errors.Is(err, ErrNoPlan) {
					b.Fatal(err)
				}
			}
		})
	}
}
