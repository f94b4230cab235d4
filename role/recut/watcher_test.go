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
	links []pipeline.Link
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
		l := &pipeline.Live{Links: y.links}
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

// wide is a chain whose frames are so large at one boundary only: in the middle, where it is best cut.
func wide(links float64, stages ...int) transport.Survey {
	s := chain(stages...)
	s.Sizes[5] = 16 << 10
	for i := range s.Sites {
		s.Sites[i].There = links
	}
	return s
}

// What links carry, in bytes a second.
const (
	quick    = 108e6 / 8
	sluggish = 12e6 / 8
)

// link has all nodes of stages behind the first reached over links that carry so much.
func (y *story) link(carries float64) {
	y.links = nil
	for _, site := range y.survey.Sites {
		if site.Stage > 0 {
			y.links = append(y.links, pipeline.Link{NodeID: site.NodeID, Rate: carries})
		}
	}
}

// A link that becomes slower for 30 s moves the cut to where frames are small; one that is only disturbed does not.
func TestSlowerLink(t *testing.T) {
	y := begin(t, wide(quick, 1, 1), "baseline")
	if !slices.Equal(y.Cuts(), []int{5}) {
		t.Fatal(y.Cuts())
	}
	y.link(quick)
	y.lasts(time.Minute)
	y.link(sluggish)
	y.lasts(5 * time.Second)
	y.link(0.9 * quick)
	if y.lasts(time.Minute); len(y.told) > 0 {
		t.Fatalf("%q: it was only disturbed", y.told)
	}
	y.link(sluggish)
	if after := y.lasts(time.Minute); after < Patience || after > Patience+time.Second || slices.Equal(y.Cuts(), []int{5}) {
		t.Errorf("after %v, %v", after, y.Cuts())
	}
	if want := "a frame takes 43.8 ms to slow (slow1.0), and took 4.9 ms"; len(y.told) != 1 || y.told[0] != want {
		t.Errorf("%q, want %q", y.told, want)
	}
	moved := y.Cuts()
	y.link(1e12) // by such small frames nothing can be told
	if y.lasts(time.Minute); !slices.Equal(y.Cuts(), moved) {
		t.Errorf("%v: %q", y.Cuts(), y.told)
	}
}

// A link that becomes faster moves the cut, where its frames show it.
func TestFasterLink(t *testing.T) {
	s := wide(sluggish, 1, 1)
	for i := range s.Sizes {
		s.Sizes[i] = max(s.Sizes[i], 4<<10)
	}
	y := begin(t, s, "baseline")
	before := y.Cuts()
	y.link(quick)
	if after := y.lasts(time.Minute); after < Patience || !slices.Equal(y.Cuts(), []int{5}) || slices.Equal(before, y.Cuts()) {
		t.Errorf("after %v, %v instead of %v: %q", after, y.Cuts(), before, y.told)
	}
}

// Nodes that share a link have as much less of it when all are busy: that is no change. A fleet of one node is not in doubt.
func TestSharedLink(t *testing.T) {
	for _, test := range []struct {
		nodes   int
		carries float64
		moves   bool
	}{{1, quick / 2, true}, {2, quick / 2, false}, {3, quick / 3, false}, {2, sluggish, true}} {
		s := wide(quick, 1, test.nodes)
		s.Sizes[5] = 64 << 10 // 19 ms, 39 over half of it
		for i := range s.Sites[1:] {
			for layer := range s.Sites[1+i].Layers { // the slow nodes are so slow that together they are one
				s.Sites[1+i].Layers[layer] *= time.Duration(test.nodes)
			}
		}
		y := begin(t, s, "baseline")
		if !slices.Equal(y.Cuts(), []int{5}) {
			t.Fatal(y.Cuts())
		}
		y.link(test.carries)
		if y.lasts(time.Minute); (len(y.told) > 0) != test.moves {
			t.Errorf("%d slow nodes, each at %.1f of its link: %q", test.nodes, test.carries/quick, y.told)
		}
	}
}

// Of two nodes that hand over to a third, one may have a slow link of its own: that is not the third one's.
func TestLinkOfOneOfSeveral(t *testing.T) {
	y, third := begin(t, wide(quick, 1, 2, 1), "baseline"), at(2, 0)
	links := []pipeline.Link{{NodeID: at(1, 0), Rate: 1}, {NodeID: third, Rate: sluggish}, {NodeID: third, Rate: quick}, {NodeID: third, Rate: sluggish}}
	there := y.there(&pipeline.Live{Links: links, Paces: []pipeline.Pace{{NodeID: third, Slowdown: 1}}})
	if got := there[third].carries; got != quick {
		t.Errorf("the link to it carries %g bytes a second, want %g", got, quick)
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
