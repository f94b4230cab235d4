//go:build slow

package chaos

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"tandem/pipeline"
	"tandem/strategy"
)

// Over slow links, emulated and real, each message takes longer than a neighbour may be silent. No node loses a frame on
// the way, none counts as down, and closing waits for what is still moving. (Emulated ones are tried in fake time, too.)
func TestSlowLinkIsNoDeadNeighbour(t *testing.T) {
	t.Parallel()
	why := permitted()
	wide := []string{"--model", wideNetwork(t), "--cut", "2"} // 200 kB activations
	for name, test := range map[string]struct {
		all, workers []string
		real         string // the shape of every node's interface, as tc has it
		frames       string
	}{
		"emulated 2 mbit, wide": {all: []string{"--link", "rate=2mbit"}, workers: wide, frames: "24"},
		"real 1 mbit":           {real: "tbf rate 1mbit burst 5kb latency 300ms", frames: "60"},
		"real 2 mbit, wide":     {real: "tbf rate 2mbit burst 5kb latency 300ms", workers: wide, frames: "24"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.real != "" && why != "" {
				t.Skip(why)
			}
			top := topologies[0].with(test.all, append(test.workers, "--emulate", "pi3"))
			s := newSite(t, top, test.real != "")
			if test.real != "" {
				for _, node := range s.network.nodes {
					s.network.must(t, fmt.Sprintf("ip netns exec %s%s tc qdisc add dev eth0 root %s", s.network.prefix, node, test.real))
				}
			}
			for _, e := range strategy.All() {
				flags := []string{"--strategy", e.Name, "--frames", test.frames}
				if e.Tasks {
					flags = append(flags, "--tasks", "5")
				}
				machine := watch(t)
				r := s.run(t, append(flags, test.all...)...)
				if !machine.steady() || len(r.Notes) > 0 && !machine.calm(t) {
					t.Logf("%s: the machine stood still, or was too busy: %q", e.Name, r.Notes)
					continue
				}
				for _, n := range r.Nodes {
					// The real link has one queue, which overflows. What fast sends to end may cost it a sign of life to slow,
					// to which it hands nothing over where the nodes are whole.
					down := n.States[pipeline.HopDown] > 1 && (test.real == "" || !e.Whole)
					if n.Lost != 0 || down {
						t.Errorf("%s: %v was hop down for %.1f %% of the time: %q", e.Name, n, n.States[pipeline.HopDown], r.Notes)
					}
				}
				t.Logf("%s: coverage %.0f %%, %.0f s", e.Name, r.Coverage, r.ElapsedS)
			}
		})
	}
}

// wideNetwork writes a network that turns 64 values into 784 channels of them, and those into 784 outputs.
func wideNetwork(t *testing.T) string {
	t.Helper()
	const channels = 784
	number := func(to []byte, field protowire.Number, n uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(to, field, protowire.VarintType), n)
	}
	bytes := func(to []byte, field protowire.Number, b string) []byte {
		return protowire.AppendString(protowire.AppendTag(to, field, protowire.BytesType), b)
	}
	var graph []byte
	for _, node := range [][]string{{"Conv", "x", "w", "a"}, {"Relu", "a", "r"}, {"GlobalAveragePool", "r", "p"}, {"Flatten", "p", "y"}} {
		var b []byte
		for _, input := range node[1 : len(node)-1] {
			b = bytes(b, 1, input)
		}
		graph = bytes(graph, 1, string(bytes(bytes(b, 2, node[len(node)-1]), 4, node[0])))
	}
	var weights, raw []byte
	for _, d := range []uint64{channels, 1, 1, 1} {
		weights = number(weights, 1, d)
	}
	for i := range channels {
		bits := math.Float32bits(float32(i*37%101-50) / 50)
		raw = append(raw, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
	}
	graph = bytes(graph, 5, string(bytes(bytes(number(weights, 2, 1), 8, "w"), 9, string(raw))))
	for field, value := range map[protowire.Number]struct {
		name string
		dims []uint64
	}{11: {"x", []uint64{1, 1, 8, 8}}, 12: {"y", []uint64{1, channels}}} {
		var shape []byte
		for _, d := range value.dims {
			shape = bytes(shape, 1, string(number(nil, 1, d)))
		}
		kind := bytes(nil, 1, string(bytes(number(nil, 1, 1), 2, string(shape))))
		graph = bytes(graph, field, string(bytes(bytes(nil, 1, value.name), 2, string(kind))))
	}
	file := filepath.Join(t.TempDir(), "wide.onnx")
	model := bytes(bytes(number(nil, 1, 8), 8, string(number(nil, 2, 13))), 7, string(graph))
	if err := os.WriteFile(file, model, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
