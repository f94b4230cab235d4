package f32

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func TestAffineByHand(t *testing.T) {
	y := make([]float32, 2)
	Affine(y, []float32{1, 2, 3, 4, 5, 6}, []float32{1, 0, -1}, []float32{10, 20})
	if y[0] != 8 || y[1] != 18 {
		t.Errorf("got %v, want [8 18]", y)
	}
	Affine(y, []float32{1, 2, 3, 4, 5, 6}, []float32{1, 0, -1}, nil)
	if y[0] != -2 || y[1] != -2 {
		t.Errorf("without bias: got %v, want [-2 -2]", y)
	}
}

// Every number of rows and every length that a tail can have, against a sum in
// float64, with canaries behind y.
func TestAffineShapes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for rows := range 14 {
		for n := range 14 {
			w, x, b := random(r, rows*n), random(r, n), random(r, rows)
			backing := make([]float32, rows+8)
			for i := range backing {
				backing[i] = 99
			}
			y := backing[:rows:rows]
			Affine(y, w, x, b)
			for i := range rows {
				want := float64(b[i])
				for j := range n {
					want += float64(w[i*n+j]) * float64(x[j])
				}
				if math.Abs(float64(y[i])-want) > 1e-5 {
					t.Errorf("%dx%d: y[%d] = %v, want %v", rows, n, i, y[i], want)
				}
			}
			for i, v := range backing[rows:] {
				if v != 99 {
					t.Errorf("%dx%d: wrote %d past the end of y", rows, n, i)
				}
			}
		}
	}
}

func BenchmarkAffine(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range [][2]int{{2000, 100}, {2000, 2000}} {
		rows, n := size[0], size[1]
		b.Run(fmt.Sprintf("%dx%d", rows, n), func(b *testing.B) {
			w, x, bias, y := random(r, rows*n), random(r, n), random(r, rows), make([]float32, rows)
			b.SetBytes(int64(4 * rows * n))
			b.ReportAllocs()
			for b.Loop() {
				Affine(y, w, x, bias)
			}
		})
	}
}

func random(r *rand.Rand, n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = 2*r.Float32() - 1
	}
	return s
}
