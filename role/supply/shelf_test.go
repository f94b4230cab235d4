package supply

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/options"
	"tandem/transport"
)

// shelved makes the shelf of a slow node that has only its default network.
func shelved(t *testing.T, folder string) *Shelf {
	t.Helper()
	o := options.Default(options.Slow)
	o.Cache, o.Next = folder, []string{"end:12345"}
	s := NewShelf(o)
	s.Stock(model.Default(1))
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// openedOn is a run as it comes to the node that holds the layers from four on.
func openedOn(net *model.Network) pipeline.Run {
	run := runOf(net)
	run.Strategy, run.Cuts = "baseline", []int{4}
	return run
}

// asNeighbour is a shelf as the node above calls it.
type asNeighbour struct{ *Shelf }

func (asNeighbour) Address() string { return "slow:12345" }
func (asNeighbour) Room(int) int    { return 16 }

// A slow node has the network of the run: its own, or one that it was given, which it gives on, and has again when it was started
// again.
func TestShelf(t *testing.T) {
	net, folder := openDigits(t), t.TempDir()
	s, run := shelved(t, folder), openedOn(net)
	own := s.Now()
	if _, err := s.For(run, 4); !errors.Is(err, pipeline.ErrNoNetwork) || !strings.Contains(err.Error(), "open the run on a node above that has the file, or give this one --model") {
		t.Errorf("before it was given: %v", err)
	}
	if err := Give(t.Context(), asNeighbour{s}, net, run, "fast-1", 4, zerolog.Nop()); err != nil {
		t.Fatal(err)
	}
	given, err := s.For(run, 4)
	if err != nil || given.Digest() != net.Digest() || s.Now() != given {
		t.Fatalf("%v, %v", given, err)
	}
	if again, err := s.For(run, 4); err != nil || again != given {
		t.Errorf("the same run opens another network: %v", err)
	}
	if one, err := s.For(pipeline.Run{}, 0); err != nil || one != own || s.Now() != own {
		t.Errorf("a run of any network has not the node's own: %v", err)
	}
	later := shelved(t, folder)
	if again, err := later.For(run, 4); err != nil || again.Digest() != net.Digest() {
		t.Fatalf("started again: %v", err)
	}
	next := shelved(t, t.TempDir())
	if err := later.Give(t.Context(), asNeighbour{next}, run, "slow-1", 4, zerolog.Nop()); err != nil {
		t.Fatal(err)
	}
	if on, err := next.For(run, 4); err != nil || on.Digest() != net.Digest() {
		t.Errorf("given on: %v", err)
	}
	if err := later.Give(t.Context(), asNeighbour{shelved(t, t.TempDir())}, run, "slow-1", 0, zerolog.Nop()); !errors.Is(err, pipeline.ErrNoNetwork) && !errors.Is(err, pipeline.ErrInvalidRun) {
		t.Errorf("layers that it has not itself are given on: %v", err)
	}
}

// Others fetch chunks of the network at hand, and hear why they can't.
func TestFetch(t *testing.T) {
	s, net := &Shelf{}, openDigits(t)
	if _, err := s.Fetch(t.Context(), net.Digest(), nil); !errors.Is(err, pipeline.ErrNoNetwork) || !strings.Contains(err.Error(), net.Digest()) {
		t.Errorf("without a network: %v", err)
	}
	s.Stock(net)
	f, err := s.Fetch(t.Context(), net.Digest(), nil)
	if m, parse := model.ParseManifest(f.Manifest); errors.Join(err, parse) != nil || m.Digest() != net.Digest() || len(f.Opening) == 0 || len(f.Chunks) > 0 {
		t.Errorf("the manifest: %v, %v", err, parse)
	}
	f, err = s.Fetch(t.Context(), net.Digest(), []int{1, 0})
	if err != nil || len(f.Chunks) != 2 || f.Chunks[0].Index != 1 || len(f.Chunks[0].Data) != model.ChunkBytes || f.Manifest != nil {
		t.Errorf("%d chunks, %v", len(f.Chunks), err)
	}
	if want, err := net.Chunk(1); err != nil || !slices.Equal(f.Chunks[0].Data, want) {
		t.Errorf("the chunk is another: %v", err)
	}
	if _, err := s.Fetch(t.Context(), net.Digest(), []int{1 << 20}); !errors.Is(err, pipeline.ErrInvalidRun) {
		t.Errorf("a chunk that there is not: %v", err)
	}
	if _, err := s.Fetch(t.Context(), "chunks:other", nil); !errors.Is(err, pipeline.ErrNoNetwork) {
		t.Errorf("another network: %v", err)
	}
	s = &Shelf{}
	s.Stock(model.Default(1))
	if _, err := s.Fetch(t.Context(), s.Now().Digest(), nil); !errors.Is(err, pipeline.ErrInvalidRun) || !strings.Contains(err.Error(), "start every node with the same --seed") {
		t.Errorf("a network without a file: %v", err)
	}
}

// A node that has --model, or computes nothing, takes no network.
func TestShelfThatTakesNothing(t *testing.T) {
	o := options.Default(options.Slow)
	o.Model = digits
	for name, s := range map[string]*Shelf{"end": nil, "with a model": NewShelf(o), "fast": NewShelf(options.Default(options.Fast))} {
		_, err := s.Supply(t.Context(), transport.Supplying{Run: pipeline.Run{ID: "r7"}})
		if !errors.Is(err, pipeline.ErrInvalidRun) || !strings.Contains(err.Error(), "r7: this node takes no network") || s.Now() != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := NewShelf(o).Close(); err != nil {
		t.Errorf("nothing was opened, and can't be closed: %v", err)
	}
	s := NewShelf(o)
	s.Stock(openDigits(t))
	if net, err := s.For(pipeline.Run{Digest: "chunks:other"}, 0); err != nil || net != s.Now() { // whoever opens it refuses it
		t.Errorf("%v, %v", net, err)
	}
}

// The network that the options name is a file, the default one, or on a web server, into the cache that they name.
func TestOpen(t *testing.T) {
	o := options.Default(options.Fast)
	o.Cache = t.TempDir()
	w := serveFile(t)
	for at, digest := range map[string]string{"": model.Default(o.Seed).Digest(), digits: openDigits(t).Digest(), w.URL + "/models/net.onnx": ""} {
		o.Model = at
		net, err := Open(t.Context(), o)
		if err != nil {
			t.Errorf("%q: %v", at, err)
			continue
		}
		if digest != "" && net.Digest() != digest {
			t.Errorf("%q has the digest %s", at, net.Digest())
		}
		if err := net.Close(); err != nil {
			t.Error(err)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(o.Cache, "networks", "*", "net.onnx")); len(files) != 1 {
		t.Errorf("the cache has %v", files)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	o.Cache, o.Model = t.TempDir(), w.URL+"/models/net.onnx"
	if _, err := Open(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("the process ends: %v", err)
	}
}

// The cache is where systemd or the user has it, unless told otherwise.
func TestFolderOfTheCache(t *testing.T) {
	o := options.Default(options.Slow)
	t.Setenv("CACHE_DIRECTORY", "")
	t.Setenv("XDG_CACHE_HOME", "/home/pi/.cache")
	if got := CacheOf(o).folder; got != "/home/pi/.cache/tandem" {
		t.Errorf("a user's: %s", got)
	}
	t.Setenv("CACHE_DIRECTORY", "/var/cache/tandem")
	if got := CacheOf(o).folder; got != "/var/cache/tandem" {
		t.Errorf("a service's: %s", got)
	}
	o.Cache = "/mnt/card"
	if got := CacheOf(o).folder; got != "/mnt/card" {
		t.Errorf("one that was named: %s", got)
	}
}
