package role

import (
	"strings"
	"testing"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/options"
	"tandem/transport"
)

// startSupplied starts a chain of which only fast has the network's file.
func startSupplied(cuts []string, slow ...int) func(*testing.T, setup) *localNodes {
	return func(t *testing.T, c setup) *localNodes {
		return startChainWith(t, c, cuts, func(c setup) setup {
			c.Model, c.Cache = "", t.TempDir()
			return c
		}, slow...)
	}
}

// Slow nodes without the network's file get their layers from the node above, and compute what PyTorch does.
func TestDigitsFromANeighbour(t *testing.T) {
	t.Parallel()
	classify(t, digits, 2, startSupplied([]string{"2"}, 2))
}

func TestDigitsFromANeighbourOfAChain(t *testing.T) {
	t.Parallel()
	classify(t, digitsCNN, 2, startSupplied([]string{"3", "7"}, 1, 1))
}

// Over the wire come a node's layers, and little more. A node that is started again has them, and of another cut it gets what
// it lacks.
func TestSliceOverTheWire(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Frames, c.Cache, c.Interval = 3, t.TempDir(), 0
		end := start(t, c, options.End, nil, "")
		t.Cleanup(func() { _ = end.stop() })
		net, err := model.Open(digits)
		if err != nil {
			t.Fatal(err)
		}
		defer net.Close()
		at := "127.0.0.1:0"
		run := func(cut string) int64 {
			t.Helper()
			without := c
			without.Model, without.Listen, without.Cuts = "", at, nil
			without.Role, without.device = options.Slow, openDevice(without, false)
			slow := start(t, without, options.Slow, []string{end.address}, "")
			defer func() { _ = slow.stop() }()
			c.Cuts = []string{cut}
			fast := start(t, c, options.Fast, []string{slow.address}, end.address)
			defer func() { _ = fast.stop() }()
			nodes := &localNodes{fast: fast, end: end}
			r, err := nodes.run(t.Context(), c, "baseline")
			if err != nil || r.Delivered != 3 {
				t.Fatalf("cut at %s: %d frames arrived, %v", cut, r.Delivered, err)
			}
			if got := slow.node.Now(); got.Digest() != net.Digest() || got.Len() != net.Len() {
				t.Errorf("slow has the network %s of %d layers", got.Digest(), got.Len())
			}
			return without.device.Traffic.Bytes()
		}
		const frames = 64 << 10 // and all else that is said
		opening := int64(len(net.Opening()) * model.ChunkBytes)
		for _, step := range []struct {
			cut         string
			least, most int64
		}{
			{"4", net.Bytes(4, 5), net.Bytes(4, 5) + opening + frames},
			{"4", 0, frames},
			{"2", net.Bytes(2, 4) - 2*model.ChunkBytes, net.Bytes(2, 4) + frames},
			{"2", 0, frames},
		} {
			if got := run(step.cut); got < step.least || got > step.most {
				t.Errorf("cut at %s: %d bytes went over slow's connections, and %d to %d were to go", step.cut, got, step.least, step.most)
			} else {
				t.Logf("cut at %s: %d bytes", step.cut, got)
			}
		}
	})
}

// Whoever opens a run on a node without its network, and has none to give, is told so.
func TestNobodyHasTheNetwork(t *testing.T) {
	c := quick()
	c.Cache = t.TempDir()
	nodes := startChainWith(t, c, []string{"2"}, func(c setup) setup { c.Model = ""; return c }, 1)
	client := newClient(c, nodes.slow[0].address)
	_, err := client.Open(t.Context(), transport.Opening{Run: pipeline.Run{ID: "r", Strategy: "baseline", Digest: "chunks:0", Cuts: []int{2}}, From: "someone", Address: "slow", Layer: 2})
	if err == nil || !strings.Contains(err.Error(), "lacks the network") || !strings.Contains(err.Error(), "give this one --model") {
		t.Error(err)
	}
	f, err := client.Fetch(t.Context(), "chunks:0", nil)
	if err == nil || !strings.Contains(err.Error(), "has another one, or none") {
		t.Error(err)
	}
	if len(f.Chunks) > 0 {
		t.Error("it has given chunks")
	}
	_, err = newClient(c, nodes.end.address).Supply(t.Context(), transport.Supplying{Run: pipeline.Run{ID: "r", Strategy: "baseline", Digest: "chunks:0", Cuts: []int{2}}, From: "someone"})
	if err == nil || !strings.Contains(err.Error(), "takes no network") {
		t.Error(err)
	}
}
