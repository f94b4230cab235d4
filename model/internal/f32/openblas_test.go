//go:build openblas

package f32

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"tandem/model/internal/f32/openblas"
)

// prepare sets OpenBLAS's threads. Version 0.3.21 takes newer CPUs for a
// Prescott without AVX, which would flatter us: OPENBLAS_CORETYPE=SkylakeX (or
// Haswell) in the environment puts that right.
func prepare(b *testing.B, threads int) {
	if strings.Contains(openblas.Config(), "Prescott") && native != portable {
		b.Fatalf("%s: set OPENBLAS_CORETYPE=SkylakeX or Haswell", openblas.Config())
	}
	openblas.Threads(threads)
}

// fight is a duel in processor time, of one thread on each side: what else runs on
// the machine takes time, but none of theirs.
func fight(b *testing.B, ours, theirs func(i int)) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	duelTimed(b, "openblas", busy(ours), busy(theirs))
}

// layer is one set of weights in both forms.
type layer struct {
	w, bias []float32
	m       *Matrix
	held    *memory // of w, where it is not on Go's heap
}

// OpenBLAS computes on plain memory, as malloc gives it, unless pages is "huge".
func layers(i isa, count, rows, cols int, pages string) []layer {
	r := rand.New(rand.NewPCG(7, 8))
	s := make([]layer, count)
	for n := range s {
		w := make([]float32, rows*cols)
		var held *memory
		if pages == "huge" {
			held = newMemory(rows * cols)
			w = held.floats
		}
		for k := range w {
			w[k] = 2*r.Float32() - 1
		}
		s[n] = layer{w, random(r, rows), packFor(i, rows, cols, w), held}
	}
	return s
}

// cold is how many layers of that size do not fit into a 260 MB cache.
func cold(rows, cols int) int { return 1 + (400<<20)/(4*rows*cols) }

func BenchmarkOpenBLASAffine(b *testing.B) {
	prepare(b, 1)
	for _, s := range []struct{ rows, cols int }{{2000, 100}, {2000, 2000}, {1000, 512}, {10, 64}} {
		for _, where := range []string{"warm", "cold", "warm-huge", "cold-huge"} {
			for _, i := range supported()[:len(supported())-1] {
				b.Run(fmt.Sprintf("%d-%d/%s/%v", s.cols, s.rows, where, i), func(b *testing.B) {
					count := 1
					if strings.HasPrefix(where, "cold") {
						count = cold(s.rows, s.cols)
					}
					if count > 3000 {
						b.Skip("too small to be cold")
					}
					set := layers(i, count, s.rows, s.cols, strings.TrimPrefix(where[4:], "-"))
					r := rand.New(rand.NewPCG(9, 10))
					x, y := random(r, s.cols), random(r, s.rows)
					fight(b, func(n int) {
						l := &set[n%count]
						l.m.Affine(y, x, l.bias, Linear)
					}, func(n int) {
						l := &set[n%count]
						openblas.Affine(s.rows, s.cols, l.w, x, l.bias, y)
					})
				})
			}
		}
	}
}

func BenchmarkOpenBLASBatch(b *testing.B) {
	prepare(b, 1)
	const rows, cols = 2000, 2000
	for _, count := range []int{2, 4, 8, 16} {
		for _, i := range supported()[:len(supported())-1] {
			b.Run(fmt.Sprintf("%d/%v", count, i), func(b *testing.B) {
				l := layers(i, 1, rows, cols, "")[0]
				r := rand.New(rand.NewPCG(11, 12))
				flat, out := random(r, count*cols), random(r, count*rows)
				var x, y [][]float32
				for f := range count {
					x, y = append(x, flat[f*cols:(f+1)*cols]), append(y, make([]float32, rows))
				}
				fight(b, func(int) { l.m.AffineBatch(y, x, l.bias, Linear) },
					func(int) { openblas.Batch(count, rows, cols, l.w, flat, out) })
			})
		}
	}
}

func BenchmarkOpenBLASMul(b *testing.B) {
	prepare(b, 1)
	// rows, cols, n of convolutions: AlexNet's, SqueezeNet's, MobileNet's, ResNet's.
	for _, s := range []struct{ rows, cols, n int }{
		{64, 363, 55 * 55}, {192, 1600, 27 * 27}, {256, 3456, 13 * 13}, {16, 64, 55 * 55}, {64, 144, 55 * 55},
		{96, 24, 56 * 56}, {320, 960, 7 * 7}, {512, 4608, 7 * 7}, {64, 576, 56 * 56}, {512, 512, 512},
	} {
		for _, i := range supported()[:len(supported())-1] {
			b.Run(fmt.Sprintf("%d-%d-%d/%v", s.rows, s.cols, s.n, i), func(b *testing.B) {
				l := layers(i, 1, s.rows, s.cols, "")[0]
				r := rand.New(rand.NewPCG(13, 14))
				right := RowMajor{random(r, s.cols*s.n), s.n}
				p := Product{C: random(r, s.rows*s.n), Ldc: s.n, B: &right, N: s.n, Bias: l.bias, Clamp: ReLU}
				scratch := aligned(l.m.Scratch(s.n))
				fight(b, func(int) { l.m.Mul(&p, scratch) },
					func(int) { openblas.Product(s.rows, s.cols, s.n, l.w, right.Data, p.C) })
			})
		}
	}
}

// BenchmarkOpenBLASThreads is how many times faster two threads of OpenBLAS are
// than one of ours: what this machine lets two threads win at all.
func BenchmarkOpenBLASThreads(b *testing.B) {
	prepare(b, 2)
	for _, s := range realLayers {
		b.Run(fmt.Sprintf("%d-%d", s.cols, s.rows), func(b *testing.B) {
			l := layers(native, 1, s.rows, s.cols, "")[0]
			r := rand.New(rand.NewPCG(15, 16))
			x, y := random(r, s.cols), random(r, s.rows)
			theirs := func(int) { openblas.Affine(s.rows, s.cols, l.w, x, l.bias, y) }
			one := func(int) { l.m.Affine(y, x, l.bias, Linear) }
			duelTimed(b, "one-thread", func(i int) time.Duration {
				for range 8 {
					theirs(i)
				}
				return clock(theirs)(i)
			}, func(i int) time.Duration {
				time.Sleep(2 * time.Millisecond)
				one(i)
				return clock(one)(i)
			})
		})
	}
}
