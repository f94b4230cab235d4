package f32

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A product in half precision is that of float32s but for the rounding of its numbers
// and of some sums, and nothing but C is written.
func TestHalfPrecision(t *testing.T) {
	if !multipliesHalves {
		t.Skip("this processor does not compute in half precision: qemu-aarch64 -cpu cortex-a76 does")
	}
	r := rand.New(rand.NewPCG(31, 32))
	for round := range 60 {
		rows, cols, n := 1+r.IntN(60), 1+r.IntN(200), 1+r.IntN(60)
		switch round {
		case 0:
			rows, cols, n = 33, 1200, 220 // several blocks
		case 1:
			cols = chunkHalf
		case 2:
			cols = 1
		}
		w, bias, b := random(r, rows*cols), random(r, rows), random(r, cols*n)
		m := packFor(neon64, rows, cols, w)
		if !m.Store(Float16Arithmetic) {
			t.Fatal("it is not stored")
		}
		if round%3 == 0 {
			bias = nil
		}
		clamp := []Clamp{Linear, ReLU, {-0.5, float32(math.Inf(1))}, {-1, 1}}[round%4]
		f := &fence{t: t, r: r}
		in, out := f.slice(cols*n), f.slice(rows*n)
		copy(in, b)
		m.Mul(&Product{C: out, Ldc: n, B: &RowMajor{in, n}, N: n, Bias: bias, Clamp: clamp}, f.slice(m.Scratch(n)))
		for at, v := range out {
			row := at / n
			want, scale := reference(w[row*cols:][:cols], func(k int) float32 { return b[k*n+at%n] }, bias, row, clamp)
			// A number has 11 bits, and so has each of the sums of a chunk, which are about the square root of
			// so many products.
			bound := scale / 2048 * 4
			if math.Abs(float64(v)-want) > bound {
				t.Fatalf("%d×%d×%d at %d, %d: %v, want %v (%v off, %v allowed)", rows, cols, n, row, at%n, v, want, math.Abs(float64(v)-want), bound)
			}
		}
		f.done()
	}
}
