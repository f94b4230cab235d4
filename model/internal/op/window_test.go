package op

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// setting is the attributes of a convolution or pool that a test has drawn.
type setting struct {
	c, h, w, out, groups int
	kernel, stride, dil  [2]int
	pads                 [4]int // top, left, bottom, right
	auto                 string
	ceil, include, pool  bool
}

func draw(r *rand.Rand) setting {
	s := setting{c: 1 + r.IntN(4), h: 1 + r.IntN(14), w: 1 + r.IntN(40), groups: 1}
	for a := range 2 {
		s.kernel[a], s.stride[a], s.dil[a] = 1+r.IntN(4), 1+r.IntN(3), 1+r.IntN(2)
	}
	for i := range s.pads {
		s.pads[i] = r.IntN(3)
	}
	if r.IntN(2) == 0 { // what networks mostly have
		k, stride := [...]int{2, 3, 3, 5}[r.IntN(4)], 1+r.IntN(2)
		s.kernel, s.stride, s.dil = [2]int{k, k}, [2]int{stride, stride}, [2]int{1, 1}
		for i := range s.pads {
			s.pads[i] = r.IntN((k-1)/2 + 1)
		}
	}
	switch r.IntN(4) {
	case 0:
		s.auto = [...]string{"SAME_UPPER", "SAME_LOWER", "VALID"}[r.IntN(3)]
		s.dil = [2]int{1, 1}
	case 1:
		s.groups = s.c // depthwise
	case 2:
		s.groups, s.c = 2, 2*s.c
	case 3:
		s.h += 30
	}
	s.out = s.groups * (1 + r.IntN(3))
	s.ceil, s.include = r.IntN(2) == 0, r.IntN(2) == 0
	return s
}

// sizes is the padding and the output's size by the words of the ONNX standard.
func (s *setting) sizes() (oh, ow int) {
	out := [2]int{}
	for a, n := range [2]int{s.h, s.w} {
		wide := (s.kernel[a]-1)*s.dil[a] + 1
		switch s.auto {
		case "VALID":
			s.pads[a], s.pads[a+2] = 0, 0
		case "SAME_UPPER", "SAME_LOWER":
			o := int(math.Ceil(float64(n) / float64(s.stride[a])))
			total := max(0, (o-1)*s.stride[a]+wide-n)
			s.pads[a], s.pads[a+2] = total/2, total-total/2
			if s.auto == "SAME_LOWER" {
				s.pads[a], s.pads[a+2] = total-total/2, total/2
			}
		}
		room := float64(n + s.pads[a] + s.pads[a+2] - wide)
		if room < 0 && !(s.pool && room > -float64(s.stride[a])) {
			return 0, 0
		}
		out[a] = int(math.Floor(max(0, room)/float64(s.stride[a]))) + 1
		if s.ceil && (s.auto == "" || s.auto == "VALID") {
			out[a] = int(math.Ceil(room/float64(s.stride[a]))) + 1
			if (out[a]-1)*s.stride[a] >= n+s.pads[a] {
				out[a]--
			}
		}
	}
	return out[0], out[1]
}

// each calls f for the elements of the window of one output: their places in
// the window and in the input, which may be in the padding or beyond.
func (s *setting) each(oy, ox int, f func(k, y, x int)) {
	for ky := range s.kernel[0] {
		for kx := range s.kernel[1] {
			f(ky*s.kernel[1]+kx, oy*s.stride[0]+ky*s.dil[0]-s.pads[0], ox*s.stride[1]+kx*s.dil[1]-s.pads[1])
		}
	}
}

func (s *setting) attributes() attr {
	pair := func(v [2]int) []int64 { return []int64{int64(v[0]), int64(v[1])} }
	a := attr{"kernel_shape": pair(s.kernel), "strides": pair(s.stride), "dilations": pair(s.dil)}
	if s.auto != "" {
		a["auto_pad"] = s.auto
	} else {
		a["pads"] = wide(s.pads[:])
	}
	return a
}

// Convolutions and pools with random attributes against the plain definition.
func TestWindowsAgainstDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	numbers := func(n int) []float32 {
		s := make([]float32, n)
		for i := range s {
			s[i] = float32(r.IntN(17) - 8)
		}
		return s
	}
	count := 600
	if testing.Short() {
		count = 60 // under qemu
	}
	for i := range count {
		s := draw(r)
		x := numbers(s.c * s.h * s.w)
		frame := of(dims(1, s.c, s.h, s.w), x...)
		each := s.c / s.groups
		w, b := numbers(s.out*each*s.kernel[0]*s.kernel[1]), numbers(s.out)
		attributes := s.attributes()
		ceil := s.ceil
		s.ceil, s.pool = false, false
		oh, ow := s.sizes()
		check := func(name string, a attr, channels int, at func(c, oy, ox int) float64, inputs ...any) {
			if oh < 1 || ow < 1 {
				if err := read(node(name, a, inputs...)); err == nil {
					t.Fatalf("%s %+v: accepted", name, s)
				}
				return
			}
			y := compute(t, name, a, inputs...)
			if want := dims(1, channels, oh, ow); !slices.Equal(y.Shape(), want) {
				t.Fatalf("%s %+v: shape %v, want %v", name, s, y.Shape(), want)
			}
			for k, v := range y.Float32s() {
				c, oy, ox := k/(oh*ow), k/ow%oh, k%ow
				want := at(c, oy, ox)
				if empty := math.IsInf(want, -1) && float64(v) == want; empty {
					continue // a window that sees padding only
				}
				if !(math.Abs(float64(v)-want) <= 1e-4*(1+math.Abs(want))) {
					t.Fatalf("%d: %s %+v: output [%d %d %d] is %v, want %v", i, name, s, c, oy, ox, v, want)
				}
			}
		}
		value := func(c, y, x0 int) (float64, bool) {
			if y < 0 || y >= s.h || x0 < 0 || x0 >= s.w {
				return 0, false
			}
			return float64(x[(c*s.h+y)*s.w+x0]), true
		}
		attributes["group"] = s.groups
		check("Conv", attributes, s.out, func(c, oy, ox int) float64 {
			sum := float64(b[c])
			for k := range each {
				s.each(oy, ox, func(tap, y, x0 int) {
					v, _ := value(c/(s.out/s.groups)*each+k, y, x0)
					sum += v * float64(w[(c*each+k)*s.kernel[0]*s.kernel[1]+tap])
				})
			}
			return sum
		}, frame, weights(dims(s.out, each, s.kernel[0], s.kernel[1]), w...), weights(dims(s.out), b...))
		s.ceil, s.pool = ceil, true
		oh, ow = s.sizes()
		if ceil {
			attributes["ceil_mode"] = 1
		}
		check("MaxPool", attributes, s.c, func(c, oy, ox int) float64 {
			top := math.Inf(-1)
			s.each(oy, ox, func(_, y, x0 int) {
				if v, ok := value(c, y, x0); ok {
					top = max(top, v)
				}
			})
			return top
		}, frame)
		if s.include {
			attributes["count_include_pad"] = 1
		}
		check("AveragePool", attributes, s.c, func(c, oy, ox int) float64 {
			sum, n := 0.0, 0.0
			s.each(oy, ox, func(_, y, x0 int) {
				v, ok := value(c, y, x0)
				sum += v
				if ok || s.include && y < s.h+s.pads[2] && x0 < s.w+s.pads[3] {
					n++
				}
			})
			return sum / max(1, n) // a window that sees padding only gives 0
		}, frame)
	}
}

// Convolutions of one element are matrix products, and one over a dimension is
// one over two.
func TestConvByHand(t *testing.T) {
	checkByHand(t, map[string]byHand{
		"over one dimension": {"Conv", nil, in(of(dims(1, 1, 4), 1, 2, 3, 4), weights(dims(1, 1, 2), 1, 10)), []float32{21, 32, 43}},
	})
	x, w := of(dims(1, 2, 4, 4), make([]float32, 32)...), weights(dims(2, 2, 1, 1), 1, 2, 3, 4)
	checkRefused(t, ErrMalformed, map[string]*Node{
		"channels":     node("Conv", nil, x, weights(dims(2, 3, 1, 1), make([]float32, 6)...)),
		"kernel_shape": node("Conv", attr{"kernel_shape": []int64{2, 2}}, x, w),
		"bias":         node("Conv", nil, x, w, weights(dims(3), 1, 2, 3)),
		"auto_pad":     node("Conv", attr{"auto_pad": "NONE"}, x, w),
		"strides":      node("Conv", attr{"strides": []int64{1}}, x, w),
		"pool":         node("MaxPool", nil, x),
	})
	checkRefused(t, ErrUnsupported, map[string]*Node{
		"large padding": node("MaxPool", attr{"kernel_shape": []int64{1, 1}, "pads": []int64{1 << 23, 1 << 23, 1 << 23, 1 << 23}}, dense(dims(1, 1, 2, 2))),
	})
}

func TestConvAgainstOracle(t *testing.T) {
	forSeeds(t, func(t *testing.T, r *rand.Rand) {
		channels, outputs, h, w := 2+r.IntN(9), 1+r.IntN(40), 1+r.IntN(9), 1+r.IntN(9)
		x, kernel := random(r, channels, h*w), random(r, outputs, channels)
		y, err := tensor.MatMul(kernel, x)
		if err != nil {
			t.Fatal(err)
		}
		frame := over(x.Float32s(), dims(1, channels, h, w))
		want := over(elementsOf(y.(*tensor.Dense)), dims(1, outputs, h, w))
		oracle(t, "Conv", nil, in(frame, weights(dims(outputs, channels, 1, 1), kernel.Float32s()...)), want, nil)
	})
}

// A scaling behind a convolution is done by its weights.
func TestConvAbsorbs(t *testing.T) {
	x := of(dims(1, 1, 1, 2), 1, 2)
	n := node("Conv", nil, x, weights(dims(2, 1, 1, 1), 1, 10), weights(dims(2), 1, 1))
	if err := read(n); err != nil {
		t.Fatal(err)
	}
	r := n.Results[0]
	y := dense(r.Shape)
	for _, by := range []*Node{
		node("BatchNormalization", attr{"epsilon": 0.0}, y, reals(dims(2), 1, 2), reals(dims(2), 0, 1), reals(dims(2), 1, 3), reals(dims(2), 1, 4)),
		node("Add", nil, y, reals(dims(2, 1, 1), 100, 200)),
	} {
		if err := read(by); err != nil {
			t.Fatal(err)
		}
		if !r.Operation.(Absorber).Absorb(by.Results[0].Operation.(Scaler), r.Shape) {
			t.Errorf("%s is not absorbed", by.Op)
		}
	}
	alike(t, "absorbed", apply(t, r.Operation, r.Shape, x), []float32{101, 102, 209, 219}, 1e-5)
}

// Groups of a large activation: the place of the last one is beyond 32 bits.
func TestConvOfManyGroups(t *testing.T) {
	const channels, groups, side = 1024, 512, 66
	c := &convOp{samples: 1, window: window{h: side, w: side, kernel: [2]int{1, 1}, stride: [2]int{1, 1}, dilation: [2]int{1, 1}, oh: side, ow: side},
		in: channels, out: channels, groups: groups, weights: reals(dims(channels, 2, 1, 1), make([]float32, 2*channels)...)}
	k, err := c.Load()
	if err != nil {
		t.Fatal(err)
	}
	x, y := dense(dims(1, channels, side, side)), dense(dims(1, channels, side, side))
	if err := k.Apply(y, []*tensor.Dense{x}, With{Clamp: f32.Linear, Scratch: make([]float32, k.(Shared).Scratch(1))}); err != nil {
		t.Fatal(err)
	}
}

// The largest of a window with a NaN is NaN, wherever it stands.
func TestMaxPoolOfNaN(t *testing.T) {
	nan := float32(math.NaN())
	for at := range 4 {
		x := []float32{1, -2, float32(math.Inf(1)), 4}
		x[at] = nan
		for _, channels := range []int{1, 3} {
			frame := of(dims(1, channels, 2, 2), slices.Repeat(x, channels)...)
			for _, y := range compute(t, "MaxPool", attr{"kernel_shape": []int64{2, 2}}, frame).Float32s() {
				if y == y {
					t.Errorf("of %v: %v", x, y)
				}
			}
		}
	}
}
