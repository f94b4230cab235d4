package pipeline

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"tandem/strategy"
)

// paced is a link that takes so long for a frame, as far as is known.
type paced struct {
	up
	pace time.Duration
}

func (p paced) Neighbour() strategy.Neighbour { return strategy.Neighbour{Up: true, Pace: p.pace} }

// Slow nodes whose queues are full before they have measured their first frame are neither asked all the time nor
// forgotten.
func TestSlowNodesThatAreFullBeforeTheirPaceIsKnown(t *testing.T) {
	for _, name := range []string{"balance", "credit"} {
		for _, nodes := range []int{1, 2, 4} {
			for _, pace := range []time.Duration{0, 100 * time.Microsecond} {
				t.Run(fmt.Sprint(name, " ", nodes, " ", pace), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { fullAtFirst(t, name, nodes, pace) })
				})
			}
		}
	}
}

func fullAtFirst(t *testing.T, name string, nodes int, pace time.Duration) {
	var last Decided
	lines := 0
	p := plan{
		run: Run{ID: "r", Strategy: name, Frames: 1000, Interval: 20 * time.Millisecond}, slow: []int{nodes},
		device: func(level, _ int) *fakeNet {
			d := pi()
			d.tail = 2 * time.Second
			if level == 0 {
				d.tail = 50 * time.Millisecond
			}
			return d
		},
		link:   func(_, _ int, to Sender) Hopper { return paced{up{to}, pace} },
		adjust: func(c *StageConfig) { c.Traced = func(d Decided) { last, lines = d, lines+1 } },
	}
	r := p.start().play()
	for _, slow := range r.Nodes[2 : 2+nodes] {
		if slow.Finished < 18 { // 20 s, 2 s each, and what was queued at the end
			t.Errorf("%v: one of %d, and it should have been busy all the time", slow, nodes)
		}
	}
	for i, slow := range last.Slow {
		if slow.Refused > 40 {
			t.Errorf("slow node %d has refused %d frames", i, slow.Refused)
		}
	}
	if lines > 2*1000 {
		t.Errorf("%d decisions for 1000 frames", lines)
	}
}
