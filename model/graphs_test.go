package model

import (
	"math"
	"testing"
)

// Small graphs on numbers that can be computed by hand: what is fused, folded, or
// shares memory. The input is x, the output y. (Operators by themselves are
// tested in package op.)
func TestGraphsByHand(t *testing.T) {
	in := func(dims ...int64) []bytesOf { return []bytesOf{info("x", dims...)} }
	floats := func(name string, dims []int64, v ...float32) bytesOf { return weights(name, dims, v...) }
	sig := func(v float64) float32 { return float32(1 / (1 + math.Exp(-v))) }
	six := []float32{1, 2, 3, 4, 5, 6}
	small := []int64{1, 2, 3}
	tests := map[string]struct {
		g       graph
		x, want []float32
	}{
		"batch normalisation in a conv": {graph{nodes: []bytesOf{apply("Conv", "h", []string{"x", "w", "a"}), apply("BatchNormalization", "y", []string{"h", "g", "b", "m", "v"}, floatAttr("epsilon", 0))}, in: in(1, 1, 1, 2),
			initializers: []bytesOf{floats("w", []int64{2, 1, 1, 1}, 1, 10), floats("a", []int64{2}, 1, 1), floats("g", []int64{2}, 1, 2), floats("b", []int64{2}, 0, 1), floats("m", []int64{2}, 1, 3), floats("v", []int64{2}, 1, 4)}}, []float32{1, 2}, []float32{1, 2, 9, 19}},
		"split, first":         {graph{nodes: []bytesOf{bytesOf(apply("Split", "y", []string{"x"}, intAttr("axis", 1))).str(2, "z")}, in: in(small...)}, six, []float32{1, 2, 3}},
		"concat of channels":   {graph{nodes: []bytesOf{apply("Relu", "a", []string{"x"}), apply("Sigmoid", "b", []string{"x"}), apply("Concat", "y", []string{"a", "b", "x"}, intAttr("axis", 1))}, in: in(1, 1, 2)}, []float32{0, 5}, []float32{0, 5, 0.5, sig(5), 0, 5}},
		"concat of columns":    {graph{nodes: []bytesOf{apply("Relu", "a", []string{"x"}), apply("Concat", "y", []string{"a", "x"}, intAttr("axis", 2))}, in: in(1, 2, 1)}, []float32{-1, 5}, []float32{0, -1, 5, 5}},
		"concat of one twice":  {graph{nodes: []bytesOf{apply("Relu", "a", []string{"x"}), apply("Concat", "y", []string{"a", "a"}, intAttr("axis", 1))}, in: in(1, 2)}, []float32{-1, 5}, []float32{0, 5, 0, 5}},
		"residual":             {graph{nodes: []bytesOf{apply("Relu", "a", []string{"x"}), apply("Sigmoid", "b", []string{"a"}), apply("Add", "c", []string{"a", "b"}), apply("Relu", "y", []string{"c"})}, in: in(1, 2)}, []float32{-1, 2}, []float32{0.5, 2 + sig(2)}},
		"sum of one twice":     {graph{nodes: []bytesOf{apply("Relu", "a", []string{"x"}), apply("Add", "y", []string{"a", "a"})}, in: in(1, 2)}, []float32{-1, 2}, []float32{0, 4}},
		"whole and its part":   {graph{nodes: []bytesOf{apply("Relu", "a", []string{"x"}), apply("Slice", "b", []string{"a"}, intsAttr("starts", 0), intsAttr("ends", 1), intsAttr("axes", 1)), apply("Mul", "y", []string{"a", "b"})}, in: in(1, 3), opset: 9}, []float32{2, 3, 4}, []float32{4, 6, 8}},
		"part used later":      {graph{nodes: []bytesOf{apply("Relu", "a", []string{"x"}), apply("Slice", "b", []string{"a"}, intsAttr("starts", 1), intsAttr("ends", 3), intsAttr("axes", 1)), apply("Sigmoid", "c", []string{"b"}), apply("Concat", "y", []string{"a", "c"}, intAttr("axis", 1))}, in: in(1, 3), opset: 9}, []float32{2, 0, 4}, []float32{2, 0, 4, 0.5, sig(4)}},
		"dropout and identity": {graph{nodes: []bytesOf{apply("Dropout", "a", []string{"x"}), apply("Identity", "b", []string{"a"}), apply("Relu", "y", []string{"b"})}, in: in(1, 2)}, []float32{-1, 2}, []float32{0, 2}},
		"transposed weights": {graph{nodes: []bytesOf{apply("Transpose", "wt", []string{"w"}), apply("MatMul", "y", []string{"x", "wt"})}, in: in(1, 2),
			initializers: []bytesOf{outByIn}}, []float32{1, 2}, []float32{5, 11, 17}},
		"weights transposed to what they are": {graph{nodes: []bytesOf{apply("Transpose", "w2", []string{"w"}, intsAttr("perm", 0, 1)), apply("MatMul", "y", []string{"x", "w2"})}, in: in(1, 2),
			initializers: []bytesOf{weights("w", []int64{2, 2}, 1, 2, 3, 4)}}, []float32{1, 2}, []float32{7, 10}},
		"shape computed in the graph": {graph{nodes: []bytesOf{apply("Shape", "s", []string{"x"}), apply("Gather", "g", []string{"s", "zero"}), apply("Unsqueeze", "u", []string{"g", "axis"}),
			apply("Concat", "t", []string{"u", "rest"}, intAttr("axis", 0)), apply("Cast", "t2", []string{"t"}, intAttr("to", 7)), apply("Reshape", "y", []string{"x", "t2"})}, in: in(1, 2, 3),
			initializers: []bytesOf{bytesOf{}.int(2, 7).str(8, "zero").msg(9, make([]byte, 8)), ints("axis", 0), ints("rest", -1)}}, six, six},
		"constants computed": {graph{nodes: []bytesOf{apply("ConstantOfShape", "z", []string{"two"}, tensorAttr("value", weights("", []int64{1}, 3))), apply("Mul", "c", []string{"z", "f"}),
			apply("Add", "y", []string{"x", "c"})}, in: in(1, 2), initializers: []bytesOf{ints("two", 2), floats("f", []int64{2}, 1, 2)}}, []float32{1, 1}, []float32{4, 7}},
		"conv, relu6": {graph{nodes: []bytesOf{apply("Conv", "h", []string{"x", "c"}), apply("Relu", "r", []string{"h"}), apply("Min", "y", []string{"r", "six"})}, in: in(1, 1, 4), initializers: []bytesOf{floats("c", []int64{1, 1, 1}, 2), floats("six", nil, 6)}}, []float32{-1, 2, 3, 4}, []float32{0, 4, 6, 6}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := run(t, test.g.file(), test.x...)
			if len(got) != len(test.want) {
				t.Fatalf("got %v, want %v", got, test.want)
			}
			for i, v := range got {
				if !(math.Abs(float64(v-test.want[i])) <= 1e-5) {
					t.Fatalf("got %v, want %v", got, test.want)
				}
			}
		})
	}
}
