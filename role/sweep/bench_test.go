package sweep

import (
	"fmt"
	"io"
	"path/filepath"
	"testing"

	"tandem/role/options"
)

// BenchmarkSweep plays a grid of simulated runs of 300 frames: a hundred of them, so that ten thousand take a hundred times as long.
func BenchmarkSweep(b *testing.B) {
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		path := filepath.Join(b.TempDir(), fmt.Sprint(i, ".jsonl"))
		s := &sweep{seeds: 1, simulate: true, stdout: io.Discard, stderr: io.Discard}
		var err error
		given := options.Given{"strategy": {"alternate"}, "tasks": {"1..25"}, "interval": {"24ms..36ms/4ms"}, "frames": {"300"}, "output": {path}}
		if s.grid, err = newGrid(given, "1", false, s.seeds); err != nil {
			b.Fatal(err)
		}
		if err := s.run(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
