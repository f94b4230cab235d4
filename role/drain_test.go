package role

import (
	"testing"
	"time"

	"tandem/role/options"
	"tandem/transport/link"
)

// A closing node drains for as long as it has bytes that move: over a slow link that is longer than --drain.
func TestDrainGrowsWithTheBytesToSend(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Model, c.Frames, c.Queue, c.Interval = "", 30, 30, 0 // results of 8 kB
		slow := c
		var err error
		if slow.Link, err = link.Parse("rate=1mbit"); err != nil {
			t.Fatal(err)
		}
		slow.Drain = time.Second
		nodes := &localNodes{end: start(t, c, options.End, nil, "")}
		nodes.slow = []*server{start(t, slow, options.Slow, []string{nodes.end.address}, "")}
		nodes.fast = start(t, c, options.Fast, []string{nodes.slow[0].address}, nodes.end.address)
		t.Cleanup(func() {
			if err := nodes.stop(); err != nil {
				t.Error(err)
			}
		})
		r, err := nodes.run(t.Context(), c, "baseline")
		if err != nil {
			t.Fatal(err)
		}
		checkLedgers(t, r, 1)
		if least := 1.5; r.Coverage != 100 || r.ElapsedS < least {
			t.Errorf("coverage %v in %v s: %q", r.Coverage, r.ElapsedS, r.Notes)
		}
	})
}
