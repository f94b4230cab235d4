package f32

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Lines of every length, between pages that must not be touched.
func TestSums(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for _, i := range supported() {
		for n := range 70 {
			f := &fence{t: t, r: r, front: n%2 == 0}
			y, x := f.slice(1+r.IntN(5)), []float32(nil)
			if n > 0 {
				x = f.slice(n * len(y))
			}
			sumsFor(i, y, x, n)
			for k, v := range y {
				want := 0.0
				for _, v := range x[k*n:][:n] {
					want += float64(v)
				}
				if math.Abs(float64(v)-want) > 1e-4 {
					t.Fatalf("%v, %d entries: sum %d is %v, want %v", i, n, k, v, want)
				}
			}
			f.done()
		}
	}
}
