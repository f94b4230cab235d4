package model

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// What exporters write out in pieces becomes one layer, and gives what it gave.
func TestPiecesAreFused(t *testing.T) {
	number := func(name string, v float32) bytesOf { return weights(name, nil, v) }
	constants := []bytesOf{number("three", 3), number("zero", 0), number("six", 6), number("root", math.Sqrt2), number("one", 1), number("half", 0.5),
		number("two", 2), number("tiny", 1e-5), weights("gamma", []int64{4}, 1, 2, 3, 4), weights("beta", []int64{4}, 4, 3, 2, 1)}
	each := func(f func(float64) float64) func(x []float64) []float64 {
		return func(x []float64) (y []float64) {
			for _, v := range x {
				y = append(y, f(v))
			}
			return y
		}
	}
	norm := func(x []float64) (y []float64) {
		mean, variance := 0.0, 0.0
		for _, v := range x {
			mean += v / 4
		}
		for _, v := range x {
			variance += (v - mean) * (v - mean) / 4
		}
		for i, v := range x {
			y = append(y, (v-mean)/math.Sqrt(variance+1e-5)*float64(1+i)+float64(4-i))
		}
		return y
	}
	last := intsAttr("axes", -1)
	pieces := []bytesOf{apply("ReduceMean", "m", []string{"x"}, last), apply("Sub", "d", []string{"x", "m"}), apply("Pow", "p", []string{"d", "two"}),
		apply("ReduceMean", "v", []string{"p"}, last), apply("Add", "e", []string{"v", "tiny"}), apply("Sqrt", "s", []string{"e"}), apply("Div", "n", []string{"d", "s"}),
		apply("Mul", "g", []string{"n", "gamma"}), apply("Add", "y", []string{"g", "beta"})}
	for name, test := range map[string]struct {
		nodes  []bytesOf
		layers int
		want   func([]float64) []float64
		says   string
	}{
		"hard swish": {[]bytesOf{apply("Add", "a", []string{"x", "three"}), apply("Clip", "b", []string{"a", "zero", "six"}), apply("Div", "c", []string{"b", "six"}), apply("Mul", "y", []string{"x", "c"})},
			1, each(func(v float64) float64 { return v * min(max(v/6+0.5, 0), 1) }), "hard swish"},
		"silu": {[]bytesOf{apply("Sigmoid", "a", []string{"x"}), apply("Mul", "y", []string{"a", "x"})},
			1, each(func(v float64) float64 { return v / (1 + math.Exp(-v)) }), "swish"},
		"gelu": {[]bytesOf{apply("Div", "a", []string{"x", "root"}), apply("Erf", "b", []string{"a"}), apply("Add", "c", []string{"b", "one"}), apply("Mul", "d", []string{"x", "c"}), apply("Mul", "y", []string{"d", "half"})},
			1, each(func(v float64) float64 { return v / 2 * (1 + math.Erf(v/math.Sqrt2)) }), "gelu"},
		"behind a sum": {[]bytesOf{apply("Add", "s", []string{"x", "gamma"}), apply("Sigmoid", "a", []string{"s"}), apply("Mul", "y", []string{"a", "s"})},
			2, func(x []float64) []float64 {
				y := slices.Clone(x)
				for i := range y {
					v := x[i] + float64(1+i)
					y[i] = v / (1 + math.Exp(-v))
				}
				return y
			}, ""},
		"used elsewhere": {[]bytesOf{apply("Sigmoid", "a", []string{"x"}), apply("Mul", "b", []string{"a", "x"}), apply("Concat", "c", []string{"a", "b"}, intAttr("axis", 0)), apply("ReduceSum", "y", []string{"c", "first"})},
			4, each(func(v float64) float64 { return (1 + v) / (1 + math.Exp(-v)) }), ""},
		"layer norm": {pieces, 1, norm, "layer norm"},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := open(t, graph{nodes: test.nodes, initializers: append(constants, ints("first", 0)), in: []bytesOf{info("x", 1, 4)}, out: []bytesOf{info("y", 1, 4)}}.file())
			if err != nil {
				t.Fatal(err)
			}
			if n.Len() != test.layers || !strings.Contains(n.Describe(0), test.says) {
				t.Errorf("%d layers, the first %q, want %d", n.Len(), n.Describe(0), test.layers)
			}
			e := NewExecutor(n, Options{})
			defer e.Close()
			if err := e.Load(0, n.Len()); err != nil {
				t.Fatal(err)
			}
			x := []float32{-4, -1, 0.5, 4}
			y, err := runOne(e, x, 0, n.Len())
			if err != nil {
				t.Fatal(err)
			}
			for i, w := range test.want([]float64{-4, -1, 0.5, 4}) {
				if math.Abs(float64(y[i])-w) > 1e-5*max(1, math.Abs(w)) {
					t.Errorf("element %d is %v, want %v", i, y[i], w)
				}
			}
		})
	}
}

// A convolution, or a mean that counts it, has the padding before it as its own.
func TestPadsAreFused(t *testing.T) {
	pads := ints("pads", 0, 0, 1, 1, 0, 0, 1, 2)
	kernel, sum := intsAttr("kernel_shape", 3, 3), weights("w", []int64{1, 1, 3, 3}, 1, 1, 1, 1, 1, 1, 1, 1, 1)
	for name, test := range map[string]struct {
		last   bytesOf
		layers int
		want   []float64
	}{
		"average pool":     {apply("AveragePool", "y", []string{"p"}, kernel), 1, []float64{-0.5 / 9, -0.5 / 9, 3. / 9}},
		"padded, too":      {apply("AveragePool", "y", []string{"p"}, kernel, intsAttr("pads", 1, 0, 0, 0), intsAttr("strides", 2, 1)), 1, []float64{-5. / 6, -5. / 6, -1. / 6}},
		"convolution":      {apply("Conv", "y", []string{"p", "w"}, kernel), 1, []float64{-0.5, -0.5, 3}},
		"largest, without": {apply("MaxPool", "y", []string{"p"}, kernel), 2, []float64{4, 4, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := open(t, graph{nodes: []bytesOf{apply("Pad", "p", []string{"x", "pads"}), test.last}, initializers: []bytesOf{pads, sum},
				in: []bytesOf{info("x", 1, 1, 2, 2)}, out: []bytesOf{info("y")}}.file())
			if err != nil {
				t.Fatal(err)
			}
			if n.Len() != test.layers {
				t.Errorf("%d layers, want %d", n.Len(), test.layers)
			}
			e := NewExecutor(n, Options{})
			defer e.Close()
			if err := e.Load(0, n.Len()); err != nil {
				t.Fatal(err)
			}
			y, err := runOne(e, []float32{-4, -1, 0.5, 4}, 0, n.Len())
			if err != nil {
				t.Fatal(err)
			}
			for i, w := range test.want {
				if math.Abs(float64(y[i])-w) > 1e-6 {
					t.Errorf("element %d of %v is %v, want %v", i, y, y[i], w)
				}
			}
		})
	}
}
