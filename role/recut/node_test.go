package recut

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/pipeline"
)

// fakePart notes what it is asked to do.
type fakePart struct {
	reads time.Duration // that layers take
	fails error

	mu   sync.Mutex
	told []string
}

func (p *fakePart) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, fmt.Sprintf(format, args...))
}

func (p *fakePart) Welcome(from int) { p.note("welcome %d", from) }
func (p *fakePart) Widen(from, to int) error {
	time.Sleep(p.reads)
	p.note("widen %d-%d", from, to)
	return p.fails
}
func (p *fakePart) Switch(from, to int) { p.note("switch %d-%d", from, to) }
func (p *fakePart) Narrow(from, to int) { p.note("narrow %d-%d", from, to) }

func (p *fakePart) story() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.told, ", ")
}

// middle is a node between two others in a network of ten layers that is cut at 3 and 6.
func middle(t *testing.T, p *fakePart, below *fakeWay) *Node {
	run := pipeline.Run{ID: "r", Cuts: []int{3, 6}}
	n := &Node{Part: p, Ways: func() []Way { return []Way{below} }, Exact: func(int) bool { return false }}
	n.Slice = SliceOf(run, pipeline.Holding{From: 3, To: 6}, func(r pipeline.Run, layer int) (pipeline.Holding, error) {
		if layer == 9 {
			return pipeline.Holding{}, errors.New("nothing is left to hand over")
		}
		from, to := r.Slice(layer, 10)
		return pipeline.Holding{From: from, To: to}, nil
	})
	n.Start(run, 3, 6)
	t.Cleanup(n.Close)
	return n
}

// A node reads both slices, waits for those below, switches, and gives the old one back later.
func TestNodeIsCutAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, below := &fakePart{reads: time.Second}, &fakeWay{}
		n := middle(t, p, below)
		r := pipeline.Recut{Epoch: 1, Cuts: []int{5, 8}}
		if state := n.Recut(r); state.Ready || state.Epoch != 1 || len(below.orders) != 1 {
			t.Errorf("%+v, below %v", state, below.orders)
		}
		time.Sleep(2 * time.Second)
		if state := n.Recut(r); state.Ready {
			t.Error("the node below is not ready")
		}
		below.state = pipeline.Recutting{Epoch: 1, Ready: true}
		if state := n.Recut(r); !state.Ready || len(below.orders) != 1 {
			t.Errorf("%+v, below %v", state, below.orders)
		}
		r.Go = true
		n.Recut(r)
		synctest.Wait()
		if run, to := n.Run(); run.Epoch != 1 || to != 8 || len(below.orders) != 2 || !below.orders[1].Go {
			t.Errorf("%+v, to %d, below %v", run, to, below.orders)
		}
		time.Sleep(Keep + time.Second)
		if got := p.story(); got != "welcome 3, widen 3-8, switch 5-8, narrow 5-8" {
			t.Error(got)
		}
	})
}

// What can't be is refused, and the run goes back to the cuts that it had; so does one that a node below refuses.
func TestNodeRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		part  *fakePart
		below pipeline.Recutting
		cuts  []int
		says  string
	}{
		"its slice":      {&fakePart{}, pipeline.Recutting{}, []int{9, 10}, "nothing is left"},
		"other stages":   {&fakePart{}, pipeline.Recutting{}, []int{4}, "1 cuts take the place of 2"},
		"its memory":     {&fakePart{fails: errors.New("no memory")}, pipeline.Recutting{}, []int{4, 7}, "no memory"},
		"the node below": {&fakePart{}, pipeline.Recutting{Epoch: 1, Refused: "it is pinned"}, []int{4, 7}, "it is pinned"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				below := &fakeWay{state: test.below}
				n := middle(t, test.part, below)
				r := pipeline.Recut{Epoch: 1, Cuts: test.cuts}
				n.Recut(r)
				synctest.Wait()
				if state := n.Recut(r); !strings.Contains(state.Refused, test.says) || state.Ready {
					t.Errorf("%+v", state)
				}
				test.part.fails, below.state = nil, pipeline.Recutting{Epoch: 2, Ready: true}
				back := pipeline.Recut{Epoch: 2, Cuts: []int{3, 6}, Go: true}
				n.Recut(back)
				synctest.Wait()
				state := n.Recut(back)
				if run, to := n.Run(); !state.Ready || state.Refused != "" || run.Epoch != 2 || to != 6 {
					t.Errorf("%+v, %+v, %d", state, run, to)
				}
			})
		})
	}
}
