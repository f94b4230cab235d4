package f32

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Every kernel against the definition, on lengths around each step.
func TestTaps(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	for _, i := range supported() {
		for n := 1; n < 150; n++ {
			taps := 1 + random.IntN(12)
			x := make([]float32, n+40)
			for k := range x {
				x[k] = random.Float32() - 0.5
			}
			off, w := make([]int, taps), make([]float32, taps)
			for k := range off {
				off[k], w[k] = random.IntN(41), random.Float32()-0.5
			}
			y := make([]float32, n+1)
			y[n] = 42
			correlateFor(i, y[:n:n], x, off, w, 0.25, Clamp{-0.3, 0.6})
			for k, v := range y[:n] {
				s := 0.25
				for t, o := range off {
					s += float64(w[t]) * float64(x[o+k])
				}
				if want := min(max(s, -0.3), 0.6); math.Abs(float64(v)-want) > 1e-5 {
					t.Fatalf("%v, %d results, %d taps: result %d is %v, want %v", i, n, taps, k, v, want)
				}
			}
			maximumFor(i, y[:n:n], x, off)
			for k, v := range y[:n] {
				want := x[off[0]+k]
				for _, o := range off {
					want = max(want, x[o+k])
				}
				if v != want {
					t.Fatalf("%v, %d results, %d taps: maximum %d is %v, want %v", i, n, taps, k, v, want)
				}
			}
			if y[n] != 42 {
				t.Fatalf("%v: wrote beyond %d results", i, n)
			}
		}
	}
}

// A window with a NaN has the largest value NaN, wherever in it the NaN is, on
// every machine.
func TestMaximumOfNaN(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 6))
	special := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))}
	for _, i := range supported() {
		for n := 1; n < 150; n++ {
			x, off := make([]float32, n+40), make([]int, 1+random.IntN(12))
			for k := range x {
				x[k] = random.Float32() - 0.5
				if random.IntN(8) == 0 {
					x[k] = special[random.IntN(3)]
				}
			}
			for k := range off {
				off[k] = random.IntN(41)
			}
			y := make([]float32, n)
			maximumFor(i, y, x, off)
			for k, v := range y {
				want := x[off[0]+k]
				for _, o := range off {
					want = max(want, x[o+k]) // which is NaN where one is
				}
				if v != want && (v == v || want == want) {
					t.Fatalf("%v, %d results, taps %d: maximum %d is %v, want %v", i, n, off, k, v, want)
				}
			}
		}
	}
}

// Rows of every length, from and to rows of any distance, without a byte beyond.
func TestCopyRows(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	for _, i := range supported() {
		for cols := 1; cols < 80; cols++ {
			for step := 1; step <= 2; step++ {
				rows, to, from := 1+random.IntN(5), cols+random.IntN(4), step*cols+random.IntN(4)
				src, dst := make([]float32, (rows-1)*from+step*(cols-1)+1), make([]float32, (rows-1)*to+cols+1)
				for k := range src {
					src[k] = float32(k + 1)
				}
				copyRowsFor(i, dst[:len(dst)-1:len(dst)-1], to, src, from, rows, cols, step)
				for k, v := range dst {
					want := float32(0)
					if r, c := k/to, k%to; r < rows && c < cols {
						want = src[r*from+step*c]
					}
					if v != want {
						t.Fatalf("%v, %d rows of %d, step %d: entry %d is %v, want %v", i, rows, cols, step, k, v, want)
					}
				}
			}
		}
	}
}

func BenchmarkCorrelate(b *testing.B) {
	const pitch, n = 58, 56 * 58
	off := []int{0, 1, 2, pitch, pitch + 1, pitch + 2, 2 * pitch, 2*pitch + 1, 2*pitch + 2}
	x, y, w := make([]float32, n+3*pitch), make([]float32, n), make([]float32, 9)
	for _, i := range supported() {
		b.Run(i.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				correlateFor(i, y, x, off, w, 0, ReLU6)
			}
			b.ReportMetric(float64(b.N)*n*9/b.Elapsed().Seconds()/1e9, "GMAC/s")
		})
	}
}
