package role

import (
	"errors"
	"testing"

	"tandem/pipeline"
	"tandem/role/options"
)

// again stops a node and starts it where it was.
func again(t *testing.T, c setup, r options.Role, s **server, next []string, end string) {
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
	c := quick()
	nodes := startChain(t, c, nil, 2)
	e, _, err := openEdge(t.Context(), edgeConfig{target: toward(c, options.Fast, nodes.fast.address), from: "test"}, pipeline.Run{ID: "r", Strategy: "baseline"})
	if err != nil {
		t.Fatal(err)
	}
	restart := func() {
		t.Helper()
		before := e.Life()
		again(t, c, options.Fast, &nodes.fast, []string{nodes.slow[0].address, nodes.slow[1].address}, nodes.end.address)
		eventually(t, "fast has its part again", func() bool { return e.Up() && e.Life() != before })
		if e.over() != nil {
			t.Error(e.over())
		}
	}
	again(t, c, options.End, &nodes.end, nil, "")
	restart()

	away := nodes.slow[1].address
	if err := nodes.slow[1].stop(); err != nil {
		t.Fatal(err)
	}
	c.Wait = 0
	restart()
	c.Listen = away
	nodes.slow[1] = start(t, c, options.Slow, []string{nodes.end.address}, "")
	if _, err := e.close(t.Context(), ending{}); err != nil {
		t.Error(err)
	}
}

// An opening that fails leaves no node in the run, and none that holds it open: end is free for the next.
func TestOpeningThatFailsHoldsNoNode(t *testing.T) {
	t.Parallel()
	c := quick()
	nodes := startChain(t, c, nil, 2)
	other := start(t, c, options.End, nil, "")
	defer other.stop()
	again(t, c, options.Slow, &nodes.slow[1], []string{other.address}, "")
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
	again(t, c, options.Slow, &nodes.slow[1], []string{nodes.end.address}, "")
	c.Frames = 3
	if _, err := nodes.run(t.Context(), c, "baseline"); err != nil {
		t.Error(err)
	}
}
