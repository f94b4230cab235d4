package f32

import (
	"os"
	"strconv"
	"testing"
)

// TestInstructions repeats one kernel for testdata/insn/count.sh, which counts
// the instructions under qemu.
func TestInstructions(t *testing.T) {
	const rows, cols, n = 256, 256, 48
	times, _ := strconv.Atoi(os.Getenv("F32_TIMES"))
	kernel := os.Getenv("F32_KERNEL")
	if kernel == "" {
		t.Skip("run by testdata/insn/count.sh")
	}
	w, x, y := make([]float32, rows*cols), make([][]float32, n), make([][]float32, n)
	for f := range x {
		x[f], y[f] = make([]float32, cols), make([]float32, rows)
	}
	i := native
	if kernel == "go" {
		i = portable
	}
	m := packFor(i, rows, cols, w)
	if name := os.Getenv("F32_FORMAT"); name != "" {
		f, err := ParseFormat(name)
		if err != nil {
			t.Fatal(err)
		}
		m.Store(f)
	}
	b := RowMajor{make([]float32, cols*n), n}
	p := Product{C: make([]float32, rows*n), Ldc: n, B: &b, N: n, Clamp: Linear}
	scratch := make([]float32, m.Scratch(n))
	for range times {
		switch kernel {
		case "naive":
			for r := range y[0] {
				y[0][r] = dot(w[r*cols:(r+1)*cols], x[0])
			}
		case "affine", "go":
			m.Affine(y[0], x[0], nil, Linear)
		case "batch":
			m.AffineBatch(y[:8], x[:8], nil, Linear)
		case "mul":
			m.Mul(&p, scratch)
		}
	}
}

// dot is the naive loop, which is also what gonum runs on a Pi.
//
//go:noinline
func dot(w, x []float32) (s float32) {
	for k, v := range w {
		s += v * x[k]
	}
	return s
}
