package op

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// Convolutions by tiles against the definition: odd planes, asymmetric padding,
// channels that are multiples of nothing, alone and with a team.
func TestWinogradConvolution(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 14))
	team := f32.NewTeam(2)
	defer team.Close()
	rounds := 60
	if testing.Short() {
		rounds = 12
	}
	for range rounds {
		in, out, h, w := 2+r.IntN(30), 1+r.IntN(30), 1+r.IntN(34), 1+r.IntN(34)
		before, after := [2]int{r.IntN(3), r.IntN(3)}, [2]int{r.IntN(3), r.IntN(3)}
		oh, ow := h+before[0]+after[0]-2, w+before[1]+after[1]-2
		if oh < 1 || ow < 1 {
			continue
		}
		x, weights, bias := someNumbers(r, in*h*w), someNumbers(r, out*in*9), someNumbers(r, out)
		c := &convOp{in: in, out: out, samples: 1, groups: 1, weights: &Constant{Dims: []int64{int64(out), int64(in), 3, 3}, reals: weights},
			window: window{h: h, w: w, kernel: [2]int{3, 3}, stride: [2]int{1, 1}, dilation: [2]int{1, 1}, before: before, oh: oh, ow: ow},
			after:  []scaling{{shift: &Constant{Dims: []int64{int64(out)}, reals: bias}, times: 1}}}
		clamp := f32.Clamp{Min: -3, Max: 4}
		want, largest := make([]float64, out*oh*ow), 0.0
		for i := range want {
			o, oy, ox := i/(oh*ow), i/ow%oh-before[0], i%ow-before[1]
			sum := float64(bias[o])
			for ch := range in {
				for tap := range 9 {
					if y, x0 := oy+tap/3, ox+tap%3; y >= 0 && y < h && x0 >= 0 && x0 < w {
						sum += float64(weights[(o*in+ch)*9+tap]) * float64(x[(ch*h+y)*w+x0])
					}
				}
			}
			largest = max(largest, math.Abs(sum))
			want[i] = min(max(sum, -3), 4)
		}
		for size, within := range map[int]float64{4: 4e-6, 6: 4e-5} {
			c.tile = size
			kernel, err := c.Load()
			if err != nil {
				t.Fatal(err)
			}
			k := kernel.(*winogradKernel)
			if r.IntN(2) == 0 { // several blocks
				k.block = min(k.block, 1+r.IntN(9))
			}
			other := someNumbers(r, out*oh*ow)
			then := f32.Epilogue{Function: f32.Sigmoid, Pair: f32.Add, Other: other, Clamp: f32.ReLU}
			for _, with := range []With{{Clamp: clamp}, {Clamp: clamp, Team: team}, {Clamp: clamp, Then: then}, {Clamp: clamp, Then: then, Team: team}} {
				threads := 1
				if with.Team != nil {
					threads = team.Threads()
				}
				with.Scratch = someNumbers(r, k.Scratch(threads)) // what is in it does not matter
				y := tensor.New(tensor.WithShape(1, out, oh, ow), tensor.WithBacking(someNumbers(r, out*oh*ow)))
				xs := []*tensor.Dense{tensor.New(tensor.WithShape(1, in, h, w), tensor.WithBacking(x))}
				about := fmt.Sprintf("%d to %d, %dx%d, padding %d and %d, F(%d), %d threads, blocks of %d", in, out, h, w, before, after, size, threads, k.block)
				if err := k.Apply(y, xs, with); err != nil {
					t.Fatal(about, err)
				}
				for i, v := range y.Float32s() {
					want := want[i]
					if !with.Then.None() {
						want = max(0, 1/(1+math.Exp(-want))+float64(other[i]))
					}
					if d := math.Abs(float64(v) - want); !(d <= within*max(largest, 1)) {
						t.Fatalf("%s: output %d is %v, want %v within %.2g of %.2g", about, i, v, want, within, largest)
					}
				}
				if n := testing.AllocsPerRun(2, func() { _ = k.Apply(y, xs, with) }); n != 0 {
					t.Fatalf("%s: %v allocations", about, n)
				}
			}
			k.Free()
		}
	}
}

func someNumbers(r *rand.Rand, n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = 2*r.Float32() - 1
	}
	return s
}

// Tiles are taken where they save work: many channels, a 3×3 window, stride 1. On
// wide vectors few tiles are not worth their memory; armv7 has kernels for the small
// ones alone.
func TestWinogradIsChosen(t *testing.T) {
	for _, test := range []struct {
		in, out, size, stride, kernel int
		want                          bool
		neon                          int // the size there
	}{
		{64, 64, 56, 1, 3, true, 6},
		{128, 128, 28, 1, 3, true, 4},
		{256, 256, 14, 1, 3, true, 4},
		{512, 512, 7, 1, 3, f32.ISA() == "neon64", 4},
		{3, 16, 56, 1, 3, false, 0},
		{64, 64, 56, 2, 3, false, 0},
		{64, 64, 56, 1, 5, false, 0},
	} {
		c := &convOp{in: test.in, out: test.out, samples: 1, groups: 1, weights: &Constant{},
			window: window{h: test.size, w: test.size, kernel: [2]int{test.kernel, test.kernel}, stride: [2]int{test.stride, test.stride},
				dilation: [2]int{1, 1}, oh: test.size / test.stride, ow: test.size / test.stride}}
		about := fmt.Sprintf("%d to %d, %dx%d over %d, stride %d", test.in, test.out, test.kernel, test.kernel, test.size, test.stride)
		size, _ := c.tiling()
		right := true // in portable Go it may be either
		switch f32.ISA() {
		case "neon64":
			right = size == test.neon
		case "neon32":
			right = (size == 4) == test.want && (size == 0) != test.want
		case "avx2", "avx512":
			right = (size > 0) == test.want
		}
		if !right {
			t.Errorf("%s: tiles of %d", about, size)
		}
		if bytes, saved := c.Room(); (bytes > 0) != (size > 0) || (saved > 0) != (size > 0) {
			t.Errorf("%s: %d bytes save %v", about, bytes, saved)
		}
		c.Take()
		if got := c.Bytes(); size > 0 && got != f32.WinogradBytes(size, test.out, test.in)+4*int64(test.out) {
			t.Errorf("%s: %d bytes", about, got)
		}
	}
}

// The shapes of ResNet-18, as they are and by tiles.
func BenchmarkWinograd(b *testing.B) {
	r := rand.New(rand.NewPCG(3, 14))
	for _, s := range []struct{ in, out, plane int }{{64, 64, 56}, {128, 128, 28}, {256, 256, 14}, {512, 512, 7}, {16, 64, 55}} {
		weights := someNumbers(r, s.out*s.in*9)
		for _, size := range []int{0, 4, 6} {
			b.Run(fmt.Sprintf("%dto%dx%d/tiles=%d", s.in, s.out, s.plane, size), func(b *testing.B) {
				runtime.LockOSThread() // what is counted under qemu is the thread
				defer runtime.UnlockOSThread()
				c := &convOp{in: s.in, out: s.out, samples: 1, groups: 1, tile: size,
					weights: &Constant{Dims: []int64{int64(s.out), int64(s.in), 3, 3}, reals: weights},
					window: window{h: s.plane, w: s.plane, kernel: [2]int{3, 3}, stride: [2]int{1, 1}, dilation: [2]int{1, 1},
						before: [2]int{1, 1}, oh: s.plane, ow: s.plane}}
				k, err := c.Load()
				if err != nil {
					b.Fatal(err)
				}
				with := With{Clamp: f32.ReLU, Scratch: make([]float32, k.(Shared).Scratch(1))}
				x := tensor.New(tensor.WithShape(1, s.in, s.plane, s.plane), tensor.WithBacking(someNumbers(r, s.in*s.plane*s.plane)))
				y := tensor.New(tensor.WithShape(1, s.out, s.plane, s.plane), tensor.Of(tensor.Float32))
				xs := []*tensor.Dense{x}
				b.ReportAllocs()
				for b.Loop() {
					if err := k.Apply(y, xs, with); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(c.Work())*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
			})
		}
	}
}
