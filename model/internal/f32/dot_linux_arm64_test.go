package f32

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Dot products of bytes give the same to the last bit, the largest numbers included.
func TestDotsOfBytes(t *testing.T) {
	if !dotsBytes {
		t.Skip("this processor has no dot products of bytes: qemu-aarch64 -cpu cortex-a76 has")
	}
	defer func() { dotsBytes = true }()
	r := rand.New(rand.NewPCG(33, 34))
	for _, cols := range []int{1, 7, 8, 9, 31, 32, 33, 40, 63, 64, 100, 1030} {
		f := &fence{t: t, r: r}
		x, w := f.slice(cols), random(r, 35*cols)
		for k := range x {
			if k%3 == 0 {
				x[k], w[k] = []float32{-1, 1}[k%2], []float32{1, -1}[k/2%2]
			}
		}
		m := packFor(neon64, 35, cols, w)
		m.Store(Int8)
		var y [2][]float32
		for i := range y {
			dotsBytes = i == 1
			y[i] = f.slice(35)
			m.Affine(y[i], x, nil, Linear)
		}
		if !slices.Equal(y[0], y[1]) {
			t.Errorf("%d columns: %v, and by dot products %v", cols, y[0], y[1])
		}
		f.done()
	}
}
