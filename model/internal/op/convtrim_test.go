package op

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// What is left out of a window has seen padding alone: the result is the same, in whatever way it is computed.
func TestTrimmedWindow(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 24))
	trimmed := 0
	for range 300 {
		c := &convOp{in: 4, out: 8, samples: 1, groups: []int{1, 2, 4}[r.IntN(3)]}
		if c.groups == c.in {
			c.out = 4
		}
		c.window = window{h: 1 + r.IntN(9), w: 1 + r.IntN(9), kernel: [2]int{1 + r.IntN(4), 1 + r.IntN(4)},
			stride: [2]int{1 + r.IntN(2), 1 + r.IntN(2)}, dilation: [2]int{1 + r.IntN(8), 1 + r.IntN(8)}}
		var after [2]int
		for axis := range 2 {
			reach := (c.kernel[axis] - 1) * c.dilation[axis]
			c.before[axis], after[axis] = r.IntN(reach+1), r.IntN(reach+1)
		}
		c.oh = (c.h+c.before[0]+after[0]-(c.kernel[0]-1)*c.dilation[0]-1)/c.stride[0] + 1
		c.ow = (c.w+c.before[1]+after[1]-(c.kernel[1]-1)*c.dilation[1]-1)/c.stride[1] + 1
		if c.oh < 1 || c.ow < 1 {
			continue
		}
		n := c.out * c.in / c.groups * c.elements()
		c.weights = &Constant{Dims: []int64{int64(c.out), int64(c.in / c.groups), int64(c.kernel[0]), int64(c.kernel[1])}, reals: someNumbers(r, n)}
		x := someNumbers(r, c.in*c.h*c.w)
		less := *c
		if less.trim(); less.kept == nil {
			continue
		}
		trimmed++
		want, got := convolved(t, c, x), convolved(t, &less, x)
		for i, v := range got {
			if math.Abs(float64(v-want[i])) > 1e-5 {
				t.Fatalf("%+v: output %d is %v, and with the whole window %v", less.window, i, v, want[i])
			}
		}
	}
	if trimmed < 50 {
		t.Errorf("%d windows were trimmed: the test says little", trimmed)
	}
}

// Each element of a window for itself, where it sees something, gives what the product with the padding gives.
func TestConvolutionByTaps(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 14))
	team := f32.NewTeam(2)
	defer team.Close()
	for range 100 {
		c := &convOp{in: 1 + r.IntN(20), out: 1 + r.IntN(40), samples: 1, groups: 1}
		c.window = window{h: 1 + r.IntN(20), w: 1 + r.IntN(20), kernel: [2]int{1 + r.IntN(3), 1 + r.IntN(3)},
			stride: [2]int{1, 1}, dilation: [2]int{1 + r.IntN(14), 1 + r.IntN(14)}}
		var after [2]int
		for axis := range 2 {
			reach := (c.kernel[axis] - 1) * c.dilation[axis]
			c.before[axis], after[axis] = r.IntN(reach+1), r.IntN(reach+1)
		}
		c.oh = c.h + c.before[0] + after[0] - (c.kernel[0]-1)*c.dilation[0]
		c.ow = c.w + c.before[1] + after[1] - (c.kernel[1]-1)*c.dilation[1]
		if c.oh < 1 || c.ow < 1 {
			continue
		}
		n := c.out * c.in * c.elements()
		c.weights = &Constant{Dims: []int64{int64(c.out), int64(c.in), int64(c.kernel[0]), int64(c.kernel[1])}, reals: someNumbers(r, n)}
		c.after = []scaling{{shift: &Constant{Dims: []int64{int64(c.out)}, reals: someNumbers(r, c.out)}, times: 1}}
		c.trim()
		scale, shift, err := combine(c.after, c.out)
		if err != nil {
			t.Fatal(err)
		}
		settled := *c
		settled.window = c.settled()
		plain, err := settled.loadProduct(scale, shift)
		if err != nil {
			t.Fatal(err)
		}
		taps, err := settled.loadTaps(scale, shift)
		if err != nil {
			t.Fatal(err)
		}
		x, other := someNumbers(r, c.in*c.h*c.w), someNumbers(r, c.out*c.oh*c.ow)
		for _, with := range []With{{Clamp: f32.Linear}, {Clamp: f32.ReLU6, Team: team}, {Clamp: f32.ReLU, Then: f32.Epilogue{Function: f32.Sigmoid, Pair: f32.Add, Other: other, Clamp: f32.Linear}}} {
			want, got := applied(t, plain, c, x, with), applied(t, taps, c, x, with)
			for i, v := range got {
				if math.Abs(float64(v-want[i])) > 1e-5 {
					t.Fatalf("%+v, %d to %d: output %d is %v, by the product %v", c.window, c.in, c.out, i, v, want[i])
				}
			}
		}
		plain.(Freer).Free()
		taps.(Freer).Free()
	}
}

func convolved(t *testing.T, c *convOp, x []float32) []float32 {
	kernel, err := c.Load()
	if err != nil {
		t.Fatal(err)
	}
	if f, is := kernel.(interface{ Free() }); is {
		defer f.Free()
	}
	return applied(t, kernel, c, x, With{Clamp: f32.Linear})
}

func applied(t *testing.T, kernel Kernel, c *convOp, x []float32, with With) []float32 {
	if s, is := kernel.(Shared); is {
		with.Scratch = make([]float32, s.Scratch(2))
	}
	y := tensor.New(tensor.WithShape(1, c.out, c.oh, c.ow), tensor.Of(tensor.Float32))
	xs := []*tensor.Dense{tensor.New(tensor.WithShape(1, c.in, c.h, c.w), tensor.WithBacking(x))}
	if err := kernel.Apply(y, xs, with); err != nil {
		t.Fatal(err)
	}
	return slices.Clone(y.Float32s())
}
