package role

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"tandem/pipeline"
	"tandem/role/device"
	"tandem/strategy"
	"tandem/transport/link"
)

// Over slow links, of which the slowest takes a sixth of a second for an activation of 2 KiB, no node loses a frame on the way,
// none counts as down, and closing waits for what is still moving.
func TestSlowLinksAreNoDeadNeighbours(t *testing.T) {
	t.Parallel()
	for _, shape := range []string{"wifi", "rate=250kbit", "rate=100kbit"} {
		l, err := link.Parse(shape)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range strategy.All() {
			t.Run(fmt.Sprint(shape, " ", e.Name), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					c := quickSite()
					c.Emulate, c.Interval, c.Queue, c.Link = device.Pi3, 30*time.Millisecond, 10, l
					r := newFakeSite(t, c, 1).play(e, nil, 60)
					for _, n := range r.Nodes {
						if n.Lost != 0 || n.States[pipeline.HopDown] > 1 {
							t.Errorf("%v was hop down for %.1f %% of the time: %q", n, n.States[pipeline.HopDown], r.Notes)
						}
					}
				})
			})
		}
	}
}
