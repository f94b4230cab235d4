package role

import (
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/role/input"
	"tandem/role/options"
	"tandem/strategy"
	"tandem/transport/link"
)

// Over an emulated link with delay, jitter and loss every strategy works as it does over the real one, and every node's
// line in the report says so.
func TestEveryStrategyOverAnEmulatedLink(t *testing.T) {
	link, err := link.Parse("delay=2ms,jitter=1ms,loss=1%,rate=50mbit")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range strategy.All() {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			onOneHost(t, func(t *testing.T, c setup) {
				c.Input.Paths, c.Input.Labels, c.Frames, c.Queue, c.Interval, c.Link = []string{digitsImages}, digitsLabels, 100, 100, 0, link
				r, err := startQuick(t, c).run(t.Context(), c, e.Name)
				if err != nil {
					t.Fatal(err)
				}
				checkLedgers(t, r, 1)
				if r.Coverage != 100 || r.Link != link.Name {
					t.Errorf("coverage %v over the link %q", r.Coverage, r.Link)
				}
				for _, n := range r.Nodes {
					if n.Link != link.Name {
						t.Errorf("%s sends over the link %q", n.Role, n.Link)
					}
				}
				if least := 2.0; r.Latency.P50 < least { // two hops of 2 ms, of which ages know half a smoothed round trip
					t.Errorf("half of the frames took %v ms or less, and the link alone takes %v", r.Latency.P50, least)
				}
			})
		})
	}
}

// Only the node that has one sends over it, and the report tells which.
func TestLinkOfOneNode(t *testing.T) {
	c := quick()
	c.Frames, c.Queue = 20, 20
	nodes := startQuick(t, c)
	c.Link = link.Shape{Name: "delay=30ms", Delay: 30 * time.Millisecond}
	r, err := nodes.run(t.Context(), c, "baseline") // the client's
	if err != nil {
		t.Fatal(err)
	}
	if r.Link != "delay=30ms" || r.Nodes[0].Link != "delay=30ms" || r.Nodes[1].Link+r.Nodes[2].Link+r.Nodes[3].Link != "" {
		t.Errorf("links %q: %+v", r.Link, r.Nodes)
	}
	c.Link = link.Shape{}
	if r, err = nodes.run(t.Context(), c, "baseline"); err != nil || r.Link != pipeline.RealLink || r.Nodes[0].Link != "" {
		t.Errorf("links %q (%v)", r.Link, err)
	}
}

// The format belongs to the run, and the outputs are nearly those of float32 wherever a frame is finished.
func TestWireFormatOfARun(t *testing.T) {
	logits, shape, err := input.ReadFloats(digitsOutputs[digits])
	if err != nil {
		t.Fatal(err)
	}
	classes := shape[1]
	for _, test := range []struct {
		format string
		off    float64 // of the largest output
	}{{"", 1e-4}, {"float32", 1e-4}, {"float16", 0.01}, {"int8", 0.5}} {
		for _, name := range []string{"baseline", "replicate"} {
			t.Run(test.format+" "+name, func(t *testing.T) {
				t.Parallel()
				onOneHost(t, func(t *testing.T, c setup) {
					c.Input.Paths, c.Input.Labels, c.Frames, c.Queue, c.Interval = []string{digitsImages}, digitsLabels, 360, 360, 0
					c.Results = filepath.Join(t.TempDir(), "results.jsonl")
					nodes := startQuick(t, c)
					c.Wire = test.format
					r, err := nodes.run(t.Context(), c, name)
					if err != nil {
						t.Fatal(err)
					}
					checkLedgers(t, r, 1)
					want := test.format
					if want == "" {
						want = "float32" // the fast node's
					}
					if r.Wire != want || r.Coverage != 100 || math.Abs(*r.Accuracy-98.9) > 0.3 {
						t.Errorf("wire %q, coverage %v, accuracy %v", r.Wire, r.Coverage, *r.Accuracy)
					}
					for _, got := range readResults(t, c.Results) {
						row := logits[int(got.ID)*classes:][:classes]
						if off := math.Abs(float64(float32(got.Score) - row[got.Class])); off > test.off {
							t.Errorf("frame %d, finished on %s: class %d has %v, and %v with float32", got.ID, got.Node, got.Class, got.Score, row[got.Class])
						}
					}
				})
			})
		}
	}
}

// A run that leaves the format open takes the fast node's.
func TestWireFormatOfTheFastNode(t *testing.T) {
	c := quick()
	c.Frames, c.Wire = 5, "int8"
	nodes := startQuick(t, c)
	c.Wire = ""
	if r, err := nodes.run(t.Context(), c, "baseline"); err != nil || r.Wire != "int8" {
		t.Errorf("wire %q (%v)", r.Wire, err)
	}
	c.Wire = "float16"
	if r, err := nodes.run(t.Context(), c, "baseline"); err != nil || r.Wire != "float16" {
		t.Errorf("wire %q (%v)", r.Wire, err)
	}
}

// Every node's link plays chances of its own, and with the same seed the same ones again.
func TestChancesOfLinks(t *testing.T) {
	c := quick()
	c.SlowNodes = 3
	c.Link = link.WiFi
	seeds := func(seed uint64) (all []uint64) {
		c := c
		c.Seed = seed
		nodes := startQuick(t, c)
		for _, s := range append(nodes.slow, nodes.fast, nodes.end) {
			all = append(all, reflect.ValueOf(s.uplink).Elem().FieldByName("seed").Uint())
		}
		return all
	}
	once, again, others := seeds(7), seeds(7), seeds(8)
	if !slices.Equal(once, again) {
		t.Errorf("with the same seed: %d, and %d", once, again)
	}
	all := append(once, others...)
	slices.Sort(all)
	if n := len(slices.Compact(all)); n != 10 {
		t.Errorf("10 links have %d seeds", n)
	}

	chances := func(listen string) uint64 {
		s := setup{Options: options.Default(options.Slow)}
		s.Listen = listen
		return s.Chances(s.place)
	}
	if a, b := chances("127.0.0.2:12345"), chances("127.0.0.3:12345"); a == b || a != chances("127.0.0.2:12345") {
		t.Errorf("slow nodes at two addresses have the seeds %d and %d", a, b)
	}
}
