package model

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"tandem/model/internal/f32"
)

// TestKernels says which kernels this machine takes, for .ci/onnxruntime.
func TestKernels(t *testing.T) { t.Logf("kernels: %s", f32.ISA()) }

// Networks of the folders in TANDEM_MODELS, of the shared ones and of testdata, with
// weights stored as TANDEM_WEIGHTS says: a frame on one thread, in time and in
// processor time, its mean and the least.
func BenchmarkNetworks(b *testing.B) {
	var format Format
	if name := os.Getenv("TANDEM_WEIGHTS"); name != "" {
		var err error
		if format, err = ParseFormat(name); err != nil {
			b.Fatalf("TANDEM_WEIGHTS=%s: %v", name, err)
		}
	}
	var paths []string
	for _, folder := range append(filepath.SplitList(os.Getenv("TANDEM_MODELS")), "../../shared/models", "testdata") {
		found, _ := filepath.Glob(filepath.Join(folder, "*.onnx"))
		paths = append(paths, found...)
	}
	for _, path := range paths {
		b.Run(strings.TrimSuffix(filepath.Base(path), ".onnx"), func(b *testing.B) {
			runtime.LockOSThread() // for .ci/count, which takes the thread with the most instructions
			defer runtime.UnlockOSThread()
			n, err := Open(path)
			if err != nil {
				b.Fatal(err)
			}
			defer n.Close()
			e := NewExecutor(n, Options{Weights: format})
			defer e.Close()
			if err := e.Load(0, n.Len()); err != nil {
				b.Fatal(err)
			}
			xs := [][]float32{make([]float32, n.Size(0))}
			for i := range xs[0] {
				xs[0][i] = float32(i%17) / 17
			}
			if _, err := e.Run(xs, 0, n.Len()); err != nil { // touches the memory for the first time
				b.Fatal(err)
			}
			b.ReportAllocs()
			before := threadTime(b)
			last, least := before, int64(math.MaxInt64)
			for b.Loop() {
				if _, err := e.Run(xs, 0, n.Len()); err != nil {
					b.Fatal(err)
				}
				now := threadTime(b)
				last, least = now, min(least, now-last)
			}
			b.ReportMetric(float64(last-before)/float64(b.N), "cpu-ns/op")
			b.ReportMetric(float64(least), "least-cpu-ns/op")
		})
	}
}
