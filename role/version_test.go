package role

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"tandem/role/options"
)

// A report says which node is of another version than its neighbour, and end knows the version of each.
func TestNodeOfAnotherVersion(t *testing.T) {
	c := quick()
	c.Version, c.Frames = "v2", 3
	nodes := startChainWith(t, c, []string{"2"}, func(c setup) setup {
		if c.Role != options.Fast {
			c.Version = "v1"
		}
		return c
	}, 1)
	r, err := nodes.run(t.Context(), c, "baseline")
	if err != nil {
		t.Fatal(err)
	}
	says := func(note string) bool {
		return strings.Contains(note, nodes.slow[0].address) && strings.Contains(note, "of version v1 of tandem, and its neighbour above of v2")
	}
	if !slices.ContainsFunc(r.Notes, says) {
		t.Errorf("the report's notes are %q", r.Notes)
	}
	for _, n := range nodes.end.node.snapshot().Nodes { // what the page shows
		if want := map[string]string{"slow": "v1"}[n.Role]; n.Version != cmp.Or(want, "v2") {
			t.Errorf("end knows %v with version %q", n.NodeID, n.Version)
		}
	}
}
