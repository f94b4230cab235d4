package model

import (
	"math"
	"testing"
)

// Every operator on numbers that can be computed by hand. The input is x, the
// output y.
func TestOperatorsByHand(t *testing.T) {
	in := func(dims ...int64) []bytesOf { return []bytesOf{info("x", dims...)} }
	unary := func(name string, attributes ...bytesOf) graph {
		return graph{nodes: []bytesOf{apply(name, "y", []string{"x"}, attributes...)}, in: in(1, 4)}
	}
	with := func(name string, dims []int64, constant bytesOf, attributes ...bytesOf) graph {
		return graph{nodes: []bytesOf{apply(name, "y", []string{"x", "c"}, attributes...)}, in: in(dims...), initializers: []bytesOf{constant}}
	}
	floats := func(name string, dims []int64, v ...float32) bytesOf { return weights(name, dims, v...) }
	e := func(v float64) float32 { return float32(v) }
	sig := func(v float64) float32 { return float32(1 / (1 + math.Exp(-v))) }
	six := []float32{1, 2, 3, 4, 5, 6}
	small := []int64{1, 2, 3}
	tests := map[string]struct {
		g       graph
		x, want []float32
	}{
		"relu":                  {unary("Relu"), []float32{-2, -1, 0, 3}, []float32{0, 0, 0, 3}},
		"leaky relu":            {unary("LeakyRelu", floatAttr("alpha", 0.5)), []float32{-2, -1, 0, 3}, []float32{-1, -0.5, 0, 3}},
		"sigmoid":               {unary("Sigmoid"), []float32{-2, -1, 0, 3}, []float32{sig(-2), sig(-1), 0.5, sig(3)}},
		"tanh":                  {unary("Tanh"), []float32{-2, -1, 0, 3}, []float32{e(math.Tanh(-2)), e(math.Tanh(-1)), 0, e(math.Tanh(3))}},
		"hard sigmoid":          {unary("HardSigmoid"), []float32{-3, -1, 0, 3}, []float32{0, 0.3, 0.5, 1}},
		"hard swish":            {unary("HardSwish"), []float32{-4, -1.5, 0, 3}, []float32{0, -0.375, 0, 3}},
		"clip by attributes":    {graph{nodes: []bytesOf{apply("Clip", "y", []string{"x"}, floatAttr("min", -1), floatAttr("max", 2))}, in: in(1, 4), opset: 9}, []float32{-2, -1, 0, 3}, []float32{-1, -1, 0, 2}},
		"clip by inputs":        {graph{nodes: []bytesOf{apply("Clip", "y", []string{"x", "", "c"})}, in: in(1, 4), initializers: []bytesOf{floats("c", nil, 2)}}, []float32{-2, -1, 0, 3}, []float32{-2, -1, 0, 2}},
		"min":                   {with("Min", []int64{1, 4}, floats("c", []int64{1}, 1)), []float32{-2, -1, 0, 3}, []float32{-2, -1, 0, 1}},
		"max":                   {with("Max", []int64{1, 4}, floats("c", []int64{4}, 0, -3, 1, 1)), []float32{-2, -1, 0, 3}, []float32{0, -1, 1, 3}},
		"add rows":              {with("Add", small, floats("c", []int64{3}, 10, 20, 30)), six, []float32{11, 22, 33, 14, 25, 36}},
		"subtract columns":      {with("Sub", small, floats("c", []int64{2, 1}, 1, 2)), six, []float32{0, 1, 2, 2, 3, 4}},
		"multiply by a number":  {with("Mul", small, floats("c", nil, 2)), six, []float32{2, 4, 6, 8, 10, 12}},
		"divide":                {with("Div", small, floats("c", []int64{1, 2, 3}, 1, 2, 3, 4, 5, 6)), six, []float32{1, 1, 1, 1, 1, 1}},
		"divide a constant":     {graph{nodes: []bytesOf{apply("Div", "y", []string{"c", "x"})}, in: in(1, 2), initializers: []bytesOf{floats("c", nil, 6)}}, []float32{2, 3}, []float32{3, 2}},
		"softmax over channels": {graph{nodes: []bytesOf{apply("Softmax", "y", []string{"x"}, intAttr("axis", 1))}, in: in(1, 2, 2)}, []float32{0, 5, e(math.Log(3)), 5}, []float32{0.25, 0.5, 0.75, 0.5}},
		"lrn":                   {graph{nodes: []bytesOf{apply("LRN", "y", []string{"x"}, intAttr("size", 2), floatAttr("alpha", 2), floatAttr("beta", 1), floatAttr("bias", 1))}, in: in(1, 3, 1)}, []float32{1, 2, 3}, []float32{1. / 6, 2. / 14, 3. / 10}},
		"batch normalisation": {graph{nodes: []bytesOf{apply("BatchNormalization", "y", []string{"x", "g", "b", "m", "v"}, floatAttr("epsilon", 0))}, in: in(1, 2, 1, 2),
			initializers: []bytesOf{floats("g", []int64{2}, 1, 2), floats("b", []int64{2}, 0, 1), floats("m", []int64{2}, 1, 3), floats("v", []int64{2}, 1, 4)}}, []float32{1, 2, 3, 4}, []float32{0, 1, 1, 2}},
		"batch normalisation in a conv": {graph{nodes: []bytesOf{apply("Conv", "h", []string{"x", "w", "a"}), apply("BatchNormalization", "y", []string{"h", "g", "b", "m", "v"}, floatAttr("epsilon", 0))}, in: in(1, 1, 1, 2),
			initializers: []bytesOf{floats("w", []int64{2, 1, 1, 1}, 1, 10), floats("a", []int64{2}, 1, 1), floats("g", []int64{2}, 1, 2), floats("b", []int64{2}, 0, 1), floats("m", []int64{2}, 1, 3), floats("v", []int64{2}, 1, 4)}}, []float32{1, 2}, []float32{1, 2, 9, 19}},
		"global average pool":  {graph{nodes: []bytesOf{apply("GlobalAveragePool", "y", []string{"x"})}, in: in(1, 2, 1, 3)}, six, []float32{2, 5}},
		"mean of rows":         {graph{nodes: []bytesOf{apply("ReduceMean", "y", []string{"x"}, intsAttr("axes", -1), intAttr("keepdims", 0))}, in: in(1, 2, 3)}, six, []float32{2, 5}},
		"mean of columns":      {graph{nodes: []bytesOf{apply("ReduceMean", "y", []string{"x", "c"})}, in: in(1, 2, 3), initializers: []bytesOf{ints("c", 1)}, opset: 18}, six, []float32{2.5, 3.5, 4.5}},
		"mean of all":          {graph{nodes: []bytesOf{apply("ReduceMean", "y", []string{"x"})}, in: in(1, 2, 3)}, six, []float32{3.5}},
		"reshape":              {with("Reshape", small, ints("c", 0, -1)), six, six},
		"squeeze":              {with("Squeeze", []int64{1, 1, 6}, ints("c", 1)), six, six},
		"unsqueeze":            {with("Unsqueeze", small, ints("c", -1)), six, six},
		"transpose":            {graph{nodes: []bytesOf{apply("Transpose", "y", []string{"x"}, intsAttr("perm", 0, 2, 1))}, in: in(small...)}, six, []float32{1, 4, 2, 5, 3, 6}},
		"transpose, reversed":  {graph{nodes: []bytesOf{apply("Transpose", "y", []string{"x"})}, in: in(small...)}, six, []float32{1, 4, 2, 5, 3, 6}},
		"slice":                {graph{nodes: []bytesOf{apply("Slice", "y", []string{"x", "s", "e", "a", "t"})}, in: in(small...), initializers: []bytesOf{ints("s", -1), ints("e", math.MinInt64), ints("a", 2), ints("t", -2)}}, six, []float32{3, 1, 6, 4}},
		"slice by attributes":  {graph{nodes: []bytesOf{apply("Slice", "y", []string{"x"}, intsAttr("starts", 1), intsAttr("ends", math.MaxInt64), intsAttr("axes", 1))}, in: in(small...), opset: 9}, six, []float32{4, 5, 6}},
		"split, first":         {graph{nodes: []bytesOf{bytesOf(apply("Split", "y", []string{"x"}, intAttr("axis", 1))).str(2, "z")}, in: in(small...)}, six, []float32{1, 2, 3}},
		"split, second":        {graph{nodes: []bytesOf{bytesOf(apply("Split", "z", []string{"x", "c"}, intAttr("axis", 2))).str(2, "y")}, in: in(small...), initializers: []bytesOf{ints("c", 1, 2)}}, six, []float32{2, 3, 5, 6}},
		"gather":               {with("Gather", small, ints("c", 2, 0, -1), intAttr("axis", 2)), six, []float32{3, 1, 3, 6, 4, 6}},
		"pad":                  {with("Pad", []int64{1, 2}, ints("c", 0, 1, 0, 2)), []float32{1, 2}, []float32{0, 1, 2, 0, 0}},
		"pad, reflected":       {with("Pad", []int64{1, 3}, ints("c", 0, 2, 0, 1), stringAttr("mode", "reflect")), []float32{1, 2, 3}, []float32{3, 2, 1, 2, 3, 2}},
		"pad, edge":            {with("Pad", []int64{1, 2}, ints("c", 0, 1, 0, 2), stringAttr("mode", "edge")), []float32{1, 2}, []float32{1, 1, 2, 2, 2}},
		"pad, cropped":         {with("Pad", []int64{1, 3}, ints("c", 0, -1, 0, 1)), []float32{1, 2, 3}, []float32{2, 3, 0}},
		"concat of channels":   {graph{nodes: []bytesOf{apply("Relu", "a", []string{"x"}), apply("Sigmoid", "b", []string{"x"}), apply("Concat", "y", []string{"a", "b", "x"}, intAttr("axis", 1))}, in: in(1, 1, 2)}, []float32{0, 5}, []float32{0, 5, 0.5, sig(5), 0, 5}},
		"concat of columns":    {graph{nodes: []bytesOf{apply("Relu", "a", []string{"x"}), apply("Concat", "y", []string{"a", "x"}, intAttr("axis", 2))}, in: in(1, 2, 1)}, []float32{-1, 5}, []float32{0, -1, 5, 5}},
		"concat of one twice":  {graph{nodes: []bytesOf{apply("Relu", "a", []string{"x"}), apply("Concat", "y", []string{"a", "a"}, intAttr("axis", 1))}, in: in(1, 2)}, []float32{-1, 5}, []float32{0, 5, 0, 5}},
		"residual":             {graph{nodes: []bytesOf{apply("Relu", "a", []string{"x"}), apply("Sigmoid", "b", []string{"a"}), apply("Add", "c", []string{"a", "b"}), apply("Relu", "y", []string{"c"})}, in: in(1, 2)}, []float32{-1, 2}, []float32{0.5, 2 + sig(2)}},
		"sum of one twice":     {graph{nodes: []bytesOf{apply("Relu", "a", []string{"x"}), apply("Add", "y", []string{"a", "a"})}, in: in(1, 2)}, []float32{-1, 2}, []float32{0, 4}},
		"whole and its part":   {graph{nodes: []bytesOf{apply("Relu", "a", []string{"x"}), apply("Slice", "b", []string{"a"}, intsAttr("starts", 0), intsAttr("ends", 1), intsAttr("axes", 1)), apply("Mul", "y", []string{"a", "b"})}, in: in(1, 3), opset: 9}, []float32{2, 3, 4}, []float32{4, 6, 8}},
		"part used later":      {graph{nodes: []bytesOf{apply("Relu", "a", []string{"x"}), apply("Slice", "b", []string{"a"}, intsAttr("starts", 1), intsAttr("ends", 3), intsAttr("axes", 1)), apply("Sigmoid", "c", []string{"b"}), apply("Concat", "y", []string{"a", "c"}, intAttr("axis", 1))}, in: in(1, 3), opset: 9}, []float32{2, 0, 4}, []float32{2, 0, 4, 0.5, sig(4)}},
		"dropout and identity": {graph{nodes: []bytesOf{apply("Dropout", "a", []string{"x"}), apply("Identity", "b", []string{"a"}), apply("Relu", "y", []string{"b"})}, in: in(1, 2)}, []float32{-1, 2}, []float32{0, 2}},
		"matmul of rows":       {graph{nodes: []bytesOf{apply("MatMul", "y", []string{"x", "w"})}, in: in(1, 2, 2), initializers: []bytesOf{inByOut}}, []float32{1, 2, 0, 1}, []float32{5, 11, 17, 2, 4, 6}},
		"transposed weights": {graph{nodes: []bytesOf{apply("Transpose", "wt", []string{"w"}), apply("MatMul", "y", []string{"x", "wt"})}, in: in(1, 2),
			initializers: []bytesOf{outByIn}}, []float32{1, 2}, []float32{5, 11, 17}},
		"shape computed in the graph": {graph{nodes: []bytesOf{apply("Shape", "s", []string{"x"}), apply("Gather", "g", []string{"s", "zero"}), apply("Unsqueeze", "u", []string{"g", "axis"}),
			apply("Concat", "t", []string{"u", "rest"}, intAttr("axis", 0)), apply("Cast", "t2", []string{"t"}, intAttr("to", 7)), apply("Reshape", "y", []string{"x", "t2"})}, in: in(1, 2, 3),
			initializers: []bytesOf{bytesOf{}.int(2, 7).str(8, "zero").msg(9, make([]byte, 8)), ints("axis", 0), ints("rest", -1)}}, six, six},
		"constants computed": {graph{nodes: []bytesOf{apply("ConstantOfShape", "z", []string{"two"}, tensorAttr("value", weights("", []int64{1}, 3))), apply("Mul", "c", []string{"z", "f"}),
			apply("Add", "y", []string{"x", "c"})}, in: in(1, 2), initializers: []bytesOf{ints("two", 2), floats("f", []int64{2}, 1, 2)}}, []float32{1, 1}, []float32{4, 7}},
		"conv over one dimension": {graph{nodes: []bytesOf{apply("Conv", "y", []string{"x", "c"})}, in: in(1, 1, 4), initializers: []bytesOf{floats("c", []int64{1, 1, 2}, 1, 10)}}, []float32{1, 2, 3, 4}, []float32{21, 32, 43}},
		"conv, relu6":             {graph{nodes: []bytesOf{apply("Conv", "h", []string{"x", "c"}), apply("Relu", "r", []string{"h"}), apply("Min", "y", []string{"r", "six"})}, in: in(1, 1, 4), initializers: []bytesOf{floats("c", []int64{1, 1, 1}, 2), floats("six", nil, 6)}}, []float32{-1, 2, 3, 4}, []float32{0, 4, 6, 6}},
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
