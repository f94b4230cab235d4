package supply

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"tandem/model"
	"tandem/pipeline"
	"tandem/transport"
)

const digits = "../../model/testdata/digits_mlp.onnx"

func openDigits(t *testing.T) *model.Network {
	t.Helper()
	net, err := model.Open(digits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	return net
}

func runOf(net *model.Network) pipeline.Run {
	return pipeline.Run{ID: "r", Model: net.Name(), Digest: net.Digest()}
}

// tail needs the layers from the one on that is left to it.
func tail(net *model.Network, _ pipeline.Run, layer int) (from, to int, err error) {
	return layer, net.Len(), nil
}

// neighbour is a Taker behind a wire that damages what a test wants.
type neighbour struct {
	*Taker
	damage func(*transport.Supplying) error // nil: nothing
	bytes  int                              // of chunks that came
	calls  int
	room   int
}

func (n *neighbour) Address() string { return "slow:12345" }
func (n *neighbour) Room(int) int    { return n.room }

func (n *neighbour) Supply(_ context.Context, s transport.Supplying) (transport.Supplied, error) {
	n.calls++
	if n.damage != nil {
		if err := n.damage(&s); err != nil {
			return transport.Supplied{}, err
		}
	}
	for _, c := range s.Chunks {
		n.bytes += len(c.Data)
	}
	return n.Taker.Supply(s)
}

func newNeighbour(t *testing.T, folder string) *neighbour {
	n := &neighbour{Taker: &Taker{Cache: NewCache(folder, 64<<20), Needs: tail}, room: 16}
	t.Cleanup(func() { n.Close() })
	return n
}

func give(t *testing.T, to Receiver, net *model.Network, layer int) error {
	return Give(t.Context(), to, net, runOf(net), "fast-1", layer, zerolog.Nop())
}

// computes compares what the layers that were given compute with what the whole network does.
func computes(t *testing.T, n *neighbour, net *model.Network, layer int) {
	t.Helper()
	part, held, err := n.Open(runOf(net), layer)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	defer part.Close()
	x := make([]float32, net.Size(layer))
	for i := range x {
		x[i] = float32(i%7) / 7
	}
	var results [2][]float32
	for i, of := range []*model.Network{net, part} {
		e := model.NewExecutor(of, model.Options{Threads: 1})
		defer e.Close()
		if err := e.Load(layer, of.Len()); err != nil {
			t.Fatal(err)
		}
		y, err := e.Run([][]float32{x}, layer, of.Len())
		if err != nil {
			t.Fatal(err)
		}
		results[i] = slices.Clone(y[0])
	}
	if part.Digest() != net.Digest() || !slices.Equal(results[0], results[1]) {
		t.Errorf("layers from %d on compute %v, and those that were given %v", layer, results[0], results[1])
	}
}

// What is sent are the node's own layers, and what it takes to open the network. What is there is not sent again.
func TestGiveSlice(t *testing.T) {
	net, folder := openDigits(t), t.TempDir()
	n := newNeighbour(t, folder)
	if _, _, err := n.Open(runOf(net), 4); !errors.Is(err, pipeline.ErrNoNetwork) {
		t.Fatalf("before it was given any: %v", err)
	}
	if err := give(t, n, net, 4); err != nil {
		t.Fatal(err)
	}
	weights := int(net.Bytes(4, 5))
	if least, most := weights, weights+(2+len(net.Opening()))*model.ChunkBytes; n.bytes < least || n.bytes > most {
		t.Errorf("%d bytes were sent, and the layer has %d", n.bytes, weights)
	}
	t.Logf("layer 4 has %d bytes, %d were sent in %d calls", weights, n.bytes, n.calls)
	computes(t, n, net, 4)

	n.bytes = 0
	if err := give(t, n, net, 4); err != nil || n.bytes != 0 {
		t.Errorf("it was given it again: %d bytes, %v", n.bytes, err)
	}
	if _, _, err := n.Open(runOf(net), 2); !errors.Is(err, pipeline.ErrNoNetwork) {
		t.Errorf("of more layers: %v", err)
	}
	again := newNeighbour(t, folder) // started again
	if err := give(t, again, net, 2); err != nil {
		t.Fatal(err)
	}
	if weights := int(net.Bytes(2, 4)); again.bytes < weights-2*model.ChunkBytes || again.bytes > weights+2*model.ChunkBytes {
		t.Errorf("%d bytes were sent for two more layers, which have %d", again.bytes, weights)
	}
	computes(t, again, net, 2)
	computes(t, again, net, 4)
}

// What is not the network's is refused, and what came before is kept: another neighbour goes on there.
func TestGiveDamaged(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(*transport.Supplying) error
		says   string
	}{
		{"wrong", func(s *transport.Supplying) error {
			s.Chunks[len(s.Chunks)-1].Data = slices.Clone(s.Chunks[len(s.Chunks)-1].Data)
			s.Chunks[len(s.Chunks)-1].Data[100] ^= 1
			return nil
		}, "another SHA-256 than its manifest has"},
		{"truncated", func(s *transport.Supplying) error {
			s.Chunks[0].Data = s.Chunks[0].Data[:100]
			return nil
		}, "100 of its 8192 bytes: it is truncated"},
		{"out of range", func(s *transport.Supplying) error { s.Chunks[0].Index = 1 << 30; return nil }, "chunk 1073741824 of the network: it has 148"},
		{"cut off", func(*transport.Supplying) error { return pipeline.ErrUnreachable }, "cannot be reached"},
	} {
		t.Run(c.name, func(t *testing.T) {
			net := openDigits(t)
			n := newNeighbour(t, t.TempDir())
			calls := 0
			n.damage = func(s *transport.Supplying) error {
				if calls++; calls < 5 {
					return nil
				}
				return c.damage(s)
			}
			err := give(t, n, net, 2)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("%v", err)
			}
			if _, _, err := n.Open(runOf(net), 2); !errors.Is(err, pipeline.ErrNoNetwork) {
				t.Errorf("half of it is taken for all: %v", err)
			}
			first := n.bytes
			n.damage, n.bytes = nil, 0
			if err := give(t, n, net, 2); err != nil {
				t.Fatal(err)
			}
			if all := int(net.Bytes(2, 5)); n.bytes > all-2*16*model.ChunkBytes || first == 0 {
				t.Errorf("%d bytes were sent again of %d", n.bytes, all)
			}
			computes(t, n, net, 2)
		})
	}
}

// A manifest of another network is refused, and so is what is none.
func TestGiveOther(t *testing.T) {
	net := openDigits(t)
	n := newNeighbour(t, t.TempDir())
	m, _ := net.Manifest()
	for text, says := range map[string]string{"{}": "not written as", `{"files":null,"chunks":null}`: "names 0 files", string(m.Bytes()): "the run's network is chunks:other"} {
		_, err := n.Supply(t.Context(), transport.Supplying{Run: pipeline.Run{ID: "r", Digest: "chunks:other"}, From: "x", Manifest: []byte(text)})
		if !errors.Is(err, pipeline.ErrInvalidRun) || !strings.Contains(err.Error(), says) {
			t.Errorf("%.40s: %v", text, err)
		}
	}
	if left, _ := os.ReadDir(n.Cache.folder); len(left) > 0 {
		t.Errorf("it has kept %v", left)
	}
	if err := give(t, n, model.Default(1), 1); err == nil || !strings.Contains(err.Error(), "made from a seed") {
		t.Error(err)
	}
	if n.room = 0; give(t, n, net, 1) == nil {
		t.Error("it was given in messages that are too small")
	}
}

// What the disk has lost or damaged is fetched again.
func TestCacheDamaged(t *testing.T) {
	net, folder := openDigits(t), t.TempDir()
	n := newNeighbour(t, folder)
	if err := give(t, n, net, 2); err != nil {
		t.Fatal(err)
	}
	paths, _ := filepath.Glob(filepath.Join(folder, "networks", "*", "chunks.*"))
	b, err := os.ReadFile(paths[0])
	if err != nil || len(paths) != 1 {
		t.Fatal(err, paths)
	}
	b[3*model.ChunkBytes+5] ^= 1
	if err := os.WriteFile(paths[0], b[:len(b)-100], 0o600); err != nil {
		t.Fatal(err)
	}
	n.bytes = 0
	if err := give(t, n, net, 2); err != nil {
		t.Fatal(err)
	}
	if n.bytes == 0 || n.bytes > 2*model.ChunkBytes {
		t.Errorf("%d bytes were sent again, and two chunks are damaged", n.bytes)
	}
	computes(t, n, net, 2)

	manifests, _ := filepath.Glob(filepath.Join(folder, "networks", "*", manifestFile))
	if err := os.WriteFile(manifests[0], []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := n.Open(runOf(net), 2); !errors.Is(err, pipeline.ErrNoNetwork) {
		t.Error(err)
	}
	if err := give(t, n, net, 2); err != nil {
		t.Fatal(err)
	}
	computes(t, n, net, 2)
}

// The cache does not grow beyond its bound: the network that was used longest ago goes, and one that is too large is refused.
func TestCacheBound(t *testing.T) {
	net, folder := openDigits(t), t.TempDir()
	n := newNeighbour(t, folder)
	old := filepath.Join(folder, "networks", "old")
	if err := errors.Join(os.MkdirAll(old, 0o755), os.WriteFile(filepath.Join(old, "chunks.1"), make([]byte, 1<<20), 0o600)); err != nil {
		t.Fatal(err)
	}
	n.Cache.most = 3 << 19
	if err := give(t, n, net, 2); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("the old network is still there: %v", err)
	}
	if n.Cache.used > n.Cache.most {
		t.Errorf("%d bytes are used of %d", n.Cache.used, n.Cache.most)
	}
	small := newNeighbour(t, t.TempDir())
	small.Cache.most = 1 << 19
	if err := give(t, small, net, 2); err == nil || !strings.Contains(err.Error(), "raise --cache-size") {
		t.Error(err)
	}
}
