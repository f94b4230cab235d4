package recut

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/transport"
)

const ms = time.Millisecond

// chain is a fleet of equal devices, one or more for each stage, and a network of ten equal layers.
func chain(stages ...int) transport.Survey {
	s := transport.Survey{Digest: "d", Sizes: slices.Repeat([]int{10}, 11), Weights: slices.Repeat([]int64{1000}, 10)}
	for stage, n := range stages {
		for i := range n {
			s.Sites = append(s.Sites, transport.Site{NodeID: at(stage, i), Stage: stage, Layers: slices.Repeat([]time.Duration{4 * ms}, 10), Measured: true})
		}
	}
	return s
}

func at(stage, i int) pipeline.NodeID {
	if stage == 0 {
		return pipeline.NodeID{Role: "fast", Address: "fast"}
	}
	return pipeline.NodeID{Role: "slow", Address: fmt.Sprintf("slow%d.%d", stage, i)}
}

// story plays what is known of a fleet, every 200 ms, and notes the recuts.
type story struct {
	*Watcher
	now   time.Time
	paces map[pipeline.NodeID]float64
	told  []string
}

func begin(t *testing.T, s transport.Survey, name string) *story {
	w := NewWatcher(s, pipeline.Run{Strategy: name, Interval: 20 * ms, Tasks: 5})
	if _, err := w.Begin(); err != nil {
		t.Fatal(err)
	}
	y := &story{Watcher: w, now: time.Unix(0, 0), paces: map[pipeline.NodeID]float64{}}
	for _, site := range s.Sites {
		y.paces[site.NodeID] = 1
	}
	return y
}

// lasts plays for so long, and returns after how long the run was cut anew at last; 0: it was not.
func (y *story) lasts(d time.Duration) (after time.Duration) {
	for passed := time.Duration(0); passed < d; passed += look {
		y.now = y.now.Add(look)
		l := &pipeline.Live{}
		for id, slowdown := range y.paces {
			l.Paces = append(l.Paces, pipeline.Pace{NodeID: id, Slowdown: slowdown})
		}
		if cuts, why := y.See(y.now, l); cuts != nil {
			y.Cut(cuts)
			y.told, after = append(y.told, why), passed+look
		}
	}
	return after
}

// A device that becomes slower by a half for 30 s moves the cut, once; one that is only disturbed does not.
func TestSlowerDevice(t *testing.T) {
	y := begin(t, chain(1, 1), "baseline")
	if !slices.Equal(y.Cuts(), []int{5}) {
		t.Fatal(y.Cuts())
	}
	slow := at(1, 0)
	y.paces[slow] = 1.6
	y.lasts(29 * time.Second)
	y.paces[slow] = 1.05
	y.lasts(time.Second)
	y.paces[slow] = 1.6
	if after := y.lasts(35 * time.Second); after < Patience || after > Patience+time.Second || !slices.Equal(y.Cuts(), []int{6}) {
		t.Errorf("after %v, %v", after, y.Cuts())
	}
	for range 100 { // as measurements are
		y.paces[slow] = 1.45
		y.lasts(time.Second)
		y.paces[slow] = 1.75
		y.lasts(time.Second)
	}
	y.paces[slow] = 1 // it has cooled down
	y.lasts(35 * time.Second)
	if !slices.Equal(y.Cuts(), []int{5}) || len(y.told) != 2 || !strings.Contains(y.told[0], "slow (slow1.0) takes 1.6 times as long") || !strings.Contains(y.told[1], "1.6 times as fast") && !strings.Contains(y.told[1], "1.5 times as fast") {
		t.Errorf("%v, %q", y.Cuts(), y.told)
	}
}

// Of several slow nodes one leaves and comes back, and one that nobody knew joins.
func TestNodesComeAndGo(t *testing.T) {
	y := begin(t, chain(1, 3), "baseline")
	before := y.Cuts()
	delete(y.paces, at(1, 2))
	if y.lasts(2 * time.Second); len(y.told) > 0 {
		t.Errorf("%q: it may only be started again", y.told)
	}
	if after := y.lasts(10 * time.Second); after == 0 || after > leftTime || y.Cuts()[0] <= before[0] {
		t.Errorf("after %v, %v", after, y.Cuts())
	}
	y.paces[at(1, 2)] = 0 // nothing is known of it but what was measured
	if after := y.lasts(10 * time.Second); after == 0 || !slices.Equal(y.Cuts(), before) {
		t.Errorf("after %v, %v", after, y.Cuts())
	}
	for i := range 4 {
		y.paces[at(1, 3+i)] = 1
	}
	l := &pipeline.Live{Paces: []pipeline.Pace{{NodeID: at(1, 3), Slowdown: 1}}}
	if !y.Unknown(l) {
		t.Error("it is not known")
	}
	y.Know(chain(1, 7))
	if after := y.lasts(10 * time.Second); after == 0 || y.Cuts()[0] >= before[0] || y.Unknown(l) {
		t.Errorf("after %v, %v: %q", after, y.Cuts(), y.told)
	}
}

// What promises nothing, or can't be, is left as it is.
func TestNothingToGain(t *testing.T) {
	y := begin(t, chain(1, 1, 1), "baseline")
	for _, site := range y.survey.Sites {
		y.paces[site.NodeID] = 3
	}
	y.lasts(time.Minute)
	delete(y.paces, at(2, 0)) // the only one of its stage
	y.lasts(time.Minute)
	y.paces[at(2, 0)] = 3
	y.lasts(time.Minute)
	if len(y.told) > 0 {
		t.Errorf("%q", y.told)
	}
}

// Devices that go up and down all the time are followed more and more slowly.
func TestRestlessFleet(t *testing.T) {
	y := begin(t, chain(1, 1), "baseline")
	for i := range 20 {
		y.paces[at(1, 0)] = []float64{3, 1}[i%2]
		y.lasts(40 * time.Second)
	}
	if n := len(y.told); n < 3 || n > 9 {
		t.Errorf("it was cut anew %d times in 800 s", n)
	}
}

// fakeWay is a fast node that answers as a test wants.
type fakeWay struct {
	orders []pipeline.Recut
	state  pipeline.Recutting
}

func (f *fakeWay) Order(r pipeline.Recut, _ bool) { f.orders = append(f.orders, r) }
func (f *fakeWay) Recutting() pipeline.Recutting  { return f.state }
func (f *fakeWay) Up() bool                       { return true }

// The driver waits for all to be ready, and goes back where they can't be.
func TestDriver(t *testing.T) {
	for name, test := range map[string]struct {
		answer pipeline.Recutting
		want   []pipeline.Recut
	}{
		"ready":   {pipeline.Recutting{Epoch: 1, Ready: true}, []pipeline.Recut{{Epoch: 1, Cuts: []int{8}}, {Epoch: 1, Cuts: []int{8}, Go: true}}},
		"refused": {pipeline.Recutting{Epoch: 1, Refused: "no memory"}, []pipeline.Recut{{Epoch: 1, Cuts: []int{8}}, {Epoch: 2, Cuts: []int{5}}, {Epoch: 2, Cuts: []int{5}, Go: true}}},
		"late":    {pipeline.Recutting{}, []pipeline.Recut{{Epoch: 1, Cuts: []int{8}}, {Epoch: 2, Cuts: []int{5}}, {Epoch: 2, Cuts: []int{5}, Go: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			y, fast := begin(t, chain(1, 1), "baseline"), &fakeWay{}
			l := &pipeline.Live{Paces: []pipeline.Pace{{NodeID: at(0, 0), Slowdown: 1}, {NodeID: at(1, 0), Slowdown: 3}}}
			d := Driver{Watcher: y.Watcher, To: fast, Live: func() *pipeline.Live { return l },
				Survey: func(context.Context) (transport.Survey, error) {
					return transport.Survey{}, errors.New("not asked for")
				}}
			for i := range 900 {
				d.look(t.Context(), time.Unix(0, 0).Add(time.Duration(i)*look))
				if len(fast.orders) == 1 {
					fast.state = test.answer
				}
			}
			for i := range fast.orders {
				fast.orders[i].Why = ""
			}
			if fmt.Sprint(fast.orders) != fmt.Sprint(test.want) {
				t.Errorf("%+v", fast.orders)
			}
		})
	}
}
