package model

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
)

// resident is the memory of this process that is in RAM.
func resident(t *testing.T) int64 {
	t.Helper()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("no /proc: ", err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// A loaded slice takes its weights, its scratch, and at most 25 MB.
func TestResidentMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("under qemu memory is mostly qemu's")
	}
	for _, path := range models(t) {
		n, err := Open(path + ".onnx")
		if err != nil {
			t.Fatal(err)
		}
		cut := n.DefaultCut(1)
		for _, s := range []span{{0, cut}, {cut, n.Len()}} {
			before := resident(t)
			e := NewExecutor(n, Options{})
			if err := e.Load(s.from, s.to); err != nil {
				t.Fatal(err)
			}
			if _, err := runOne(e, make([]float32, n.Size(s.from)), s.from, s.to); err != nil {
				t.Fatal(err)
			}
			weights, scratch := n.Bytes(s.from, s.to), 4*int64(len(e.arena)+len(e.results)+len(e.scratch))
			const spare = 25 << 20
			if got := resident(t) - before; got > weights+scratch+spare {
				t.Errorf("%s, layers %d to %d: %d MB more are resident, want at most %d MB of weights, %d MB of scratch and %d MB",
					filepath.Base(path), s.from, s.to, got>>20, weights>>20, scratch>>20, spare>>20)
			} else {
				t.Logf("%s, layers %d to %d: %.1f MB for %.1f MB of weights and %.1f MB of scratch",
					filepath.Base(path), s.from, s.to, float64(got)/1e6, float64(weights)/1e6, float64(scratch)/1e6)
			}
			e.Close()
		}
		n.Close()
	}
}
