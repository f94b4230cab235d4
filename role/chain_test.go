package role

import (
	"errors"
	"io"
	"strings"
	"testing"

	"tandem/pipeline"
	"tandem/role/options"
	"tandem/transport"
)

// startChain starts fast, so many slow nodes for each hand-over, and end. Each hands over to all of the next.
func startChain(t *testing.T, c setup, cuts []string, slow ...int) *localNodes {
	t.Helper()
	return startChainWith(t, c, cuts, func(c setup) setup { return c }, slow...)
}

// startChainWith is startChain with slow nodes that have settings of their own.
func startChainWith(t *testing.T, c setup, cuts []string, own func(setup) setup, slow ...int) *localNodes {
	t.Helper()
	nodes := &localNodes{}
	t.Cleanup(func() {
		if err := nodes.stop(); err != nil {
			t.Error(err)
		}
	})
	nodes.end = start(t, c, options.End, nil, "")
	after := []string{nodes.end.address}
	for level := len(slow) - 1; level >= 0; level-- {
		end := ""
		if level < len(slow)-1 {
			end = nodes.end.address
		}
		var addresses []string
		for range slow[level] {
			s := start(t, own(c), options.Slow, after, end)
			nodes.slow = append(nodes.slow, s)
			addresses = append(addresses, s.address)
		}
		after = addresses
	}
	c.Cuts = cuts
	nodes.fast = start(t, c, options.Fast, after, nodes.end.address)
	return nodes
}

// start starts one node.
func start(t *testing.T, c setup, r options.Role, next []string, end string) *server {
	t.Helper()
	c.Role, c.Next, c.End, c.Input.Labels = r, next, end, ""
	s, err := startNode(t.Context(), c, func(pipeline.Report) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Nodes whose cuts and neighbours don't fit say so when a run is opened, and serve the next run that fits.
func TestWrongChains(t *testing.T) {
	for _, bad := range []struct {
		name string
		cuts []string
		slow []int
		says []string
	}{
		{"a cut too many", []string{"2", "3", "4"}, []int{1, 1}, []string{"2,3,4", "from layer 3 on", "at 4", "--cut less"}},
		{"a cut too few", []string{"2"}, []int{1, 1}, []string{"at 2", "from layer 2 on", "nothing left", "--cut more"}},
		{"a cut for a single slow node", []string{"1", "4"}, []int{1}, []string{"1,4", "from layer 1 on", "--next", "--end"}},
	} {
		t.Run(bad.name, func(t *testing.T) {
			t.Parallel()
			c := quick()
			nodes := startChain(t, c, bad.cuts, bad.slow...)
			for _, name := range []string{"baseline", "balance"} {
				c.Frames = 3
				_, err := nodes.run(t.Context(), c, name)
				if !errors.Is(err, pipeline.ErrInvalidRun) {
					t.Fatalf("error %v", err)
				}
				for _, text := range bad.says {
					if !strings.Contains(err.Error(), text) {
						t.Errorf("the error does not say %q: %v", text, err)
					}
				}
			}
			if _, err := nodes.run(t.Context(), c, "replicate"); err != nil {
				t.Errorf("replicate needs no cut: %v", err)
			}
		})
	}
}

// A node that is the next of nodes at different places of a chain can't know which layers to hold.
func TestNodeAtTwoPlacesOfAChainIsRefused(t *testing.T) {
	c := quick()
	nodes := startChain(t, c, []string{"2", "4"}, 1, 1)
	c.Cuts = []string{"2", "4"}
	c.Frames = 3
	last, first := nodes.slow[0].address, nodes.slow[1].address
	fast := start(t, c, options.Fast, []string{first, last}, nodes.end.address)
	defer func() { _ = fast.stop() }()
	client := c
	client.Role, client.Next, client.Cuts, client.Strategy = options.Client, []string{fast.address}, nil, "baseline"
	_, err := play(t.Context(), client)
	if !errors.Is(err, pipeline.ErrInvalidRun) || !strings.Contains(err.Error(), "from layer 2 on") { // whichever of the two opens it first
		t.Errorf("error %v", err)
	}
	if _, err := nodes.run(t.Context(), c, "baseline"); err != nil {
		t.Errorf("the run that fits: %v", err)
	}
}

func TestCutsThatDoNotRiseAreRefusedAtTheStart(t *testing.T) {
	for _, cuts := range [][]string{{"4", "2"}, {"2", "2"}} {
		c := quick()
		c.Role, c.Cuts, c.Next, c.End, c.Stdout = options.Fast, cuts, []string{"127.0.0.1:1"}, "127.0.0.1:2", io.Discard
		s, err := startNode(t.Context(), c, nil)
		if err == nil || !strings.Contains(err.Error(), "--cut") || !strings.Contains(err.Error(), strings.Join(cuts, ",")) {
			t.Errorf("cuts %v: error %v", cuts, err)
		}
		if err == nil {
			_ = s.stop()
		}
	}
}

// What is out of the ordinary comes to a node from all above it, which have told each other.
func TestNotesAreSaidOnce(t *testing.T) {
	s := &session{}
	for _, notes := range [][]string{{""}, {"fast was busy"}, {"fast was busy", "slow was busy"}, {"fast was busy", "slow was missing; or was it?"}} {
		s.gather(transport.Closing{Notes: notes})
	}
	if got := strings.Join(s.notes, "; "); got != "fast was busy; slow was busy; slow was missing; or was it?" {
		t.Errorf("%s", got)
	}
}
