package role

import (
	"context"
	"errors"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/role/edge"
	"tandem/role/options"
)

// again stops a node and starts it where it was.
func startAgain(t *testing.T, c setup, r options.Role, s **server, next []string, end string) {
	t.Helper()
	if err := (*s).stop(); err != nil {
		t.Fatal(err)
	}
	c.Listen = (*s).address
	*s = start(t, c, r, next, end)
}

// A fast node that is started again takes the run up, although the slow nodes may still know an end that is no more, and one
// of them is away, which baseline can't begin without.
func TestFastNodeTakesUpWhatIsThere(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		nodes := startChain(t, c, nil, 2)
		e, _, err := edge.Open(t.Context(), edge.Config{Target: toward(c, options.Fast, nodes.fast.address), From: "test"}, pipeline.Run{ID: "r", Strategy: "baseline"})
		if err != nil {
			t.Fatal(err)
		}
		restart := func() {
			t.Helper()
			before := e.Life()
			startAgain(t, c, options.Fast, &nodes.fast, []string{nodes.slow[0].address, nodes.slow[1].address}, nodes.end.address)
			eventually(t, "fast has its part again", func() bool { return e.Up() && e.Life() != before })
			if e.Over() != nil {
				t.Error(e.Over())
			}
		}
		startAgain(t, c, options.End, &nodes.end, nil, "")
		restart()

		away := nodes.slow[1].address
		if err := nodes.slow[1].stop(); err != nil {
			t.Fatal(err)
		}
		c.Wait = 0
		restart()
		c.Listen = away
		nodes.slow[1] = start(t, c, options.Slow, []string{nodes.end.address}, "")
		if _, err := e.Close(t.Context(), edge.Ending{}); err != nil {
			t.Error(err)
		}
	})
}

// The ledger of a node that was stopped is not lost with the nodes below that are stopped after it: the neighbours above have
// it, too.
func TestLedgersOutliveTheNodesBelow(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Frames, c.Interval = 0, 5*time.Millisecond
		nodes := startChain(t, c, nil, 1)
		ctx, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		played := make(chan pipeline.Report, 1)
		go func() {
			r, err := nodes.run(ctx, c, "baseline")
			if err != nil {
				t.Error(err)
			}
			played <- r
		}()
		busy := func(s *server) {
			t.Helper()
			eventually(t, "a node has frames", func() bool { return s.node.totals().Now.Received > 20 })
		}
		busy(nodes.slow[0])
		startAgain(t, c, options.Slow, &nodes.slow[0], []string{nodes.end.address}, "")
		busy(nodes.slow[0])
		startAgain(t, c, options.End, &nodes.end, nil, "")
		busy(nodes.end)
		interrupt()
		if r := <-played; r.Unaccounted != 0 || r.Died != 0 || r.Forgotten == 0 {
			t.Errorf("%d unaccounted, %d died, %d forgotten: %+v", r.Unaccounted, r.Died, r.Forgotten, r)
		}
	})
}

// An opening that fails leaves no node in the run, and none that holds it open: end is free for the next.
func TestOpeningThatFailsHoldsNoNode(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		nodes := startChain(t, c, nil, 2)
		other := start(t, c, options.End, nil, "")
		defer other.stop()
		startAgain(t, c, options.Slow, &nodes.slow[1], []string{other.address}, "")
		if _, err := nodes.run(t.Context(), c, "baseline"); !errors.Is(err, pipeline.ErrInvalidRun) {
			t.Fatalf("error %v", err)
		}
		for _, s := range append(nodes.slow, nodes.end, other) {
			eventually(t, s.address+" has no run", func() bool {
				s.node.mu.Lock()
				defer s.node.mu.Unlock()
				return s.node.run == nil
			})
		}
		startAgain(t, c, options.Slow, &nodes.slow[1], []string{nodes.end.address}, "")
		c.Frames = 3
		if _, err := nodes.run(t.Context(), c, "baseline"); err != nil {
			t.Error(err)
		}
	})
}
