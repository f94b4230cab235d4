package f32

import (
	"math"
	"math/rand/v2"
	"testing"
)

// drawSliding is a window over a plane, of a size that networks have, or an odd
// one.
func drawSliding(r *rand.Rand) Sliding {
	s := Sliding{Kernel: 3 + 2*r.IntN(2), Stride: 1 + r.IntN(2), H: 1 + r.IntN(40), W: 1 + r.IntN(70)}
	s.Top, s.Left = r.IntN(s.Kernel/2+1), r.IntN(s.Kernel/2+1)
	s.OH = max(0, s.H+s.Top+r.IntN(s.Kernel/2+1)-s.Kernel)/s.Stride + 1
	s.OW = max(0, s.W+s.Left+r.IntN(s.Kernel/2+1)-s.Kernel)/s.Stride + 1
	return s
}

// Every kernel against the definition, on planes that touch memory that must not
// be touched.
func TestDepthwise(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for _, i := range supported() {
		made := 0
		for range 1500 {
			s := drawSliding(r)
			d := newDepthwise(i, s)
			if d == nil {
				continue
			}
			made++
			checkDepthwise(t, r, d)
		}
		if depthwiseLanes[i] > 0 && made < 800 {
			t.Errorf("%v: a kernel for %d of 1500 windows", i, made)
		}
	}
}

func checkDepthwise(t *testing.T, r *rand.Rand, d *Depthwise) {
	f := &fence{t: t, r: r, front: r.IntN(2) == 0}
	defer f.done()
	const planes = 3
	x, y, w := f.slice(planes*d.H*d.W), f.slice(planes*d.OH*d.OW), f.slice(d.Kernel*d.Kernel)
	for k := range x {
		if r.IntN(100) == 0 {
			x[k] = float32(math.Inf(1)) // which must not come into windows that do not have it
		}
	}
	scratch, bias, c := f.slice(d.Scratch()), r.Float32(), Clamp{-0.5, 1}
	for p := range planes {
		d.Plane(y[p*d.OH*d.OW:][:d.OH*d.OW], x, p*d.H*d.W, w, bias, c, scratch)
	}
	for k, v := range y {
		plane, oy, ox := x[k/(d.OH*d.OW)*d.H*d.W:], k/d.OW%d.OH, k%d.OW
		sum := float64(bias)
		for ky := range d.Kernel {
			for kx := range d.Kernel {
				row, col := oy*d.Stride+ky-d.Top, ox*d.Stride+kx-d.Left
				if row >= 0 && row < d.H && col >= 0 && col < d.W {
					sum += float64(w[ky*d.Kernel+kx]) * float64(plane[row*d.W+col])
				}
			}
		}
		want := min(max(sum, -0.5), 1)
		if math.IsNaN(want) != (v != v) || math.Abs(float64(v)-want) > 1e-4 {
			t.Fatalf("%v %+v: result %d, row %d, column %d: %v, want %v", d.isa, d.Sliding, k, oy, ox, v, want)
		}
	}
}

func BenchmarkDepthwise(b *testing.B) {
	s := Sliding{H: 56, W: 56, Kernel: 3, Stride: 1, Top: 1, Left: 1, OH: 56, OW: 56}
	x, y, w := make([]float32, 56*56), make([]float32, 56*56), make([]float32, 9)
	for _, i := range supported() {
		d := newDepthwise(i, s)
		if d == nil {
			continue
		}
		scratch := make([]float32, d.Scratch())
		b.Run(i.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d.Plane(y, x, 0, w, 0, ReLU6, scratch)
			}
			b.ReportMetric(float64(b.N)*56*56*9/b.Elapsed().Seconds()/1e9, "GMAC/s")
		})
	}
}
