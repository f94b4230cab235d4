package f32

import (
	"math"
	"math/rand/v2"
	"testing"
)

// drawSliding is a window over a plane, of a size that networks have, or an odd
// one.
func drawSliding(r *rand.Rand) Sliding {
	s := Sliding{Kernel: [...]int{2, 3, 3, 5}[r.IntN(4)], Stride: 1 + r.IntN(2), H: 1 + r.IntN(40), W: 1 + r.IntN(70)}
	pad := func() int { return r.IntN((s.Kernel-1)/2 + 1) }
	s.Top, s.Left = pad(), pad()
	up := r.IntN(2) * (s.Stride - 1) // the last window may be larger than what is left
	s.OH = max(0, s.H+s.Top+pad()+up-s.Kernel)/s.Stride + 1
	s.OW = max(0, s.W+s.Left+pad()+up-s.Kernel)/s.Stride + 1
	return s
}

// Every kernel against the definition, on planes that touch memory that must not
// be touched.
func TestWindow(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for _, i := range supported() {
		made := map[slideKind]int{}
		for k := range 2000 {
			d := newWindow(i, drawSliding(r), k%2 == 0)
			if d == nil {
				continue
			}
			made[d.kind]++
			checkWindow(t, r, d)
		}
		for kind := range slideWidest[i] {
			if made[kind] < 60 {
				t.Errorf("%v %v: tested %d times", i, kind, made[kind])
			}
		}
	}
}

func checkWindow(t *testing.T, r *rand.Rand, d *Window) {
	f := &fence{t: t, r: r, front: r.IntN(2) == 0}
	defer f.done()
	const planes = 3
	x, y, w := f.slice(planes*d.H*d.W), f.slice(planes*d.OH*d.OW), f.slice(d.Kernel*d.Kernel)
	for k := range x {
		switch r.IntN(100) { // which must not come into windows that do not have it
		case 0:
			x[k] = float32(math.Inf(1))
		case 1:
			x[k] = float32(math.NaN())
		}
	}
	scratch, bias, c := f.slice(d.Scratch()), r.Float32(), Clamp{-0.5, 1}
	for p := range planes {
		size := d.OH * d.OW
		if (p+1)*size+d.Past() <= len(y) && r.IntN(2) == 0 {
			size += d.Past()
		}
		if y := y[p*d.OH*d.OW:][:size]; d.kind.largest {
			d.Largest(y, x, p*d.H*d.W, scratch)
		} else {
			d.Sum(y, x, p*d.H*d.W, w, bias, c, scratch)
		}
	}
	for k, v := range y {
		plane, oy, ox := x[k/(d.OH*d.OW)*d.H*d.W:], k/d.OW%d.OH, k%d.OW
		sum, largest := float64(bias), math.Inf(-1)
		for ky := range d.Kernel {
			for kx := range d.Kernel {
				row, col := oy*d.Stride+ky-d.Top, ox*d.Stride+kx-d.Left
				if row >= 0 && row < d.H && col >= 0 && col < d.W {
					sum += float64(w[ky*d.Kernel+kx]) * float64(plane[row*d.W+col])
					largest = max(largest, float64(plane[row*d.W+col]))
				}
			}
		}
		want := min(max(sum, -0.5), 1)
		if d.kind.largest {
			want = largest
		}
		if math.IsNaN(want) != (v != v) || math.Abs(float64(v)-want) > 1e-4 {
			t.Fatalf("%v %v %+v: result %d, row %d, column %d: %v, want %v", d.isa, d.kind, d.Sliding, k, oy, ox, v, want)
		}
	}
}

func BenchmarkWindow(b *testing.B) {
	s := Sliding{H: 56, W: 56, Kernel: 3, Stride: 1, Top: 1, Left: 1, OH: 56, OW: 56}
	x, y, w := make([]float32, 56*56), make([]float32, 56*56), make([]float32, 9)
	for _, i := range supported() {
		d := newWindow(i, s, false)
		if d == nil {
			continue
		}
		scratch := make([]float32, d.Scratch())
		b.Run(i.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d.Sum(y, x, 0, w, 0, ReLU6, scratch)
			}
			b.ReportMetric(float64(b.N)*56*56*9/b.Elapsed().Seconds()/1e9, "GMAC/s")
		})
	}
}
