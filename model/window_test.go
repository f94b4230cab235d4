package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// setting is the attributes of a convolution or pool that a test has drawn.
type setting struct {
	c, h, w, out, groups int
	kernel, stride, dil  [2]int
	pads                 [4]int // top, left, bottom, right
	auto                 string
	ceil, include        bool
}

func draw(r *rand.Rand) setting {
	s := setting{c: 1 + r.IntN(4), h: 1 + r.IntN(14), w: 1 + r.IntN(40), groups: 1}
	for a := range 2 {
		s.kernel[a], s.stride[a], s.dil[a] = 1+r.IntN(4), 1+r.IntN(3), 1+r.IntN(2)
	}
	for i := range s.pads {
		s.pads[i] = r.IntN(3)
	}
	switch r.IntN(4) {
	case 0:
		s.auto = [...]string{"SAME_UPPER", "SAME_LOWER", "VALID"}[r.IntN(3)]
		s.dil = [2]int{1, 1}
	case 1:
		s.groups = s.c // depthwise
	case 2:
		s.groups, s.c = 2, 2*s.c
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
		if room < 0 {
			return 0, 0
		}
		out[a] = int(math.Floor(room/float64(s.stride[a]))) + 1
		if s.ceil && s.auto == "" {
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

func (s *setting) attributes() []bytesOf {
	pair := func(name string, v [2]int) bytesOf { return intsAttr(name, int64(v[0]), int64(v[1])) }
	a := []bytesOf{pair("kernel_shape", s.kernel), pair("strides", s.stride), pair("dilations", s.dil)}
	if s.auto != "" {
		return append(a, stringAttr("auto_pad", s.auto))
	}
	return append(a, intsAttr("pads", int64(s.pads[0]), int64(s.pads[1]), int64(s.pads[2]), int64(s.pads[3])))
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
		in := []bytesOf{info("x", 1, int64(s.c), int64(s.h), int64(s.w))}
		each := s.c / s.groups
		w, b := numbers(s.out*each*s.kernel[0]*s.kernel[1]), numbers(s.out)
		attributes := s.attributes()
		convolve := graph{nodes: []bytesOf{apply("Conv", "y", []string{"x", "w", "b"}, append(attributes, intAttr("group", int64(s.groups)))...)}, in: in,
			initializers: []bytesOf{weights("w", []int64{int64(s.out), int64(each), int64(s.kernel[0]), int64(s.kernel[1])}, w...), weights("b", []int64{int64(s.out)}, b...)}}
		ceil := s.ceil
		s.ceil = false
		oh, ow := s.sizes()
		check := func(kind string, g graph, channels int, at func(c, oy, ox int) float64) {
			file := g.file()
			n, err := open(t, file)
			if oh < 1 || ow < 1 {
				if err == nil {
					t.Fatalf("%s %+v: accepted", kind, s)
				}
				return
			}
			if err != nil {
				t.Fatalf("%s %+v: %v", kind, s, err)
			}
			if got, want := fmt.Sprint(n.Shape(1)), fmt.Sprint([]int{channels, oh, ow}); got != want {
				t.Fatalf("%s %+v: shape %s, want %s", kind, s, got, want)
			}
			for threads := 1; threads <= 2; threads++ {
				e := NewExecutor(n, Options{Threads: threads})
				if err := e.Load(0, 1); err != nil {
					t.Fatal(err)
				}
				e.sharing[0] = sharing{true, always, always}
				y, err := runOne(e, x, 0, 1)
				if err != nil {
					t.Fatal(err)
				}
				for k, v := range y {
					c, oy, ox := k/(oh*ow), k/ow%oh, k%ow
					want := at(c, oy, ox)
					if empty := math.IsNaN(want) && v != v || math.IsInf(want, -1) && float64(v) == want; empty {
						continue // a window that sees padding only
					}
					if !(math.Abs(float64(v)-want) <= 1e-4*(1+math.Abs(want))) {
						t.Fatalf("%d: %s %+v, %d threads: output [%d %d %d] is %v, want %v", i, kind, s, threads, c, oy, ox, v, want)
					}
				}
				e.Close()
			}
		}
		value := func(c, y, x0 int) (float64, bool) {
			if y < 0 || y >= s.h || x0 < 0 || x0 >= s.w {
				return 0, false
			}
			return float64(x[(c*s.h+y)*s.w+x0]), true
		}
		check("conv", convolve, s.out, func(c, oy, ox int) float64 {
			sum := float64(b[c])
			for k := range each {
				s.each(oy, ox, func(tap, y, x0 int) {
					v, _ := value(c/(s.out/s.groups)*each+k, y, x0)
					sum += v * float64(w[(c*each+k)*s.kernel[0]*s.kernel[1]+tap])
				})
			}
			return sum
		})
		s.ceil = ceil
		oh, ow = s.sizes()
		if ceil {
			attributes = append(attributes, intAttr("ceil_mode", 1))
		}
		check("max pool", graph{nodes: []bytesOf{apply("MaxPool", "y", []string{"x"}, attributes...)}, in: in}, s.c, func(c, oy, ox int) float64 {
			top := math.Inf(-1)
			s.each(oy, ox, func(_, y, x0 int) {
				if v, ok := value(c, y, x0); ok {
					top = max(top, v)
				}
			})
			return top
		})
		if s.include {
			attributes = append(attributes, intAttr("count_include_pad", 1))
		}
		check("average pool", graph{nodes: []bytesOf{apply("AveragePool", "y", []string{"x"}, attributes...)}, in: in}, s.c, func(c, oy, ox int) float64 {
			sum, n := 0.0, 0.0
			s.each(oy, ox, func(_, y, x0 int) {
				v, ok := value(c, y, x0)
				sum += v
				if ok || s.include && y < s.h+s.pads[2] && x0 < s.w+s.pads[3] {
					n++
				}
			})
			return sum / n
		})
	}
}

// Attributes that no network has are refused, and nothing is allocated for them.
func TestHostileWindows(t *testing.T) {
	huge := int64(math.MaxInt64)
	in := []bytesOf{info("x", 1, 1, 4, 4)}
	w := weights("w", []int64{1, 1, 2, 2}, 1, 2, 3, 4)
	for about, attributes := range map[string][]bytesOf{
		"pads":            {intsAttr("pads", huge, huge, huge, huge)},
		"large pads":      {intsAttr("pads", 1<<23, 1<<23, 1<<23, 1<<23)},
		"negative pads":   {intsAttr("pads", -1, -1, -1, -1)},
		"strides of 0":    {intsAttr("strides", 0, 0)},
		"strides":         {intsAttr("strides", huge)},
		"dilations":       {intsAttr("dilations", huge, 1<<24)},
		"large dilations": {intsAttr("dilations", 1<<24, 1<<24), intsAttr("pads", 1<<24, 1<<24, 1<<24, 1<<24)},
		"kernel":          {intsAttr("kernel_shape", huge, huge)},
		"no group":        {intAttr("group", 0)},
		"groups":          {intAttr("group", huge)},
		"auto_pad":        {stringAttr("auto_pad", "NONE")},
	} {
		for _, g := range []graph{
			{nodes: []bytesOf{apply("Conv", "y", []string{"x", "w"}, attributes...)}, initializers: []bytesOf{w}, in: in},
			{nodes: []bytesOf{apply("AveragePool", "y", []string{"x"}, append(attributes, intsAttr("kernel_shape", 2, 2))...)}, in: in},
		} {
			file := g.file()
			var err error
			if got := allocated(func() { _, err = open(t, file) }); got > allowance(len(file)) {
				t.Errorf("%s: allocated %d", about, got)
			}
			if err == nil && !strings.Contains(about, "group") && about != "kernel" {
				t.Errorf("%s: accepted", about)
			}
		}
	}
}
