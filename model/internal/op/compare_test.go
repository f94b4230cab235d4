package op

import (
	"slices"
	"testing"

	"tandem/model/internal/onnx"
)

func TestComparisonsByHand(t *testing.T) {
	a, b := of(dims(1, 3), 1, 2, 3), of(dims(1, 3), 2, 2, 2)
	yes, no := of(dims(2, 1), 1, 0), of(dims(2), 1, 0)
	for name, want := range map[string][]float32{
		"Equal": {0, 1, 0}, "Greater": {0, 0, 1}, "GreaterOrEqual": {0, 1, 1}, "Less": {1, 0, 0}, "LessOrEqual": {1, 1, 0},
	} {
		alike(t, name, compute(t, name, nil, a, b), want, 0)
		alike(t, name, compute(t, name, nil, a, reals(dims(1), 2)), want, 0)
		alike(t, name, compute(t, name, nil, reals(dims(3), 1, 2, 3), reals(dims(1), 2)), want, 0)
		n := node(name, nil, a, b)
		if err := read(n); err != nil || n.Results[0].Type != onnx.Bool {
			t.Errorf("%s gives %v, %v", name, n.Results, err)
		}
	}
	for name, want := range map[string][]float32{"And": {1, 0, 0, 0}, "Or": {1, 1, 1, 0}, "Xor": {0, 1, 1, 0}} {
		alike(t, name, compute(t, name, nil, yes, no), want, 0)
	}
	n := node("Equal", nil, integers(1, 2), integers(2))
	if err := read(n); err != nil || !slices.Equal(n.Results[0].Constant.ints, []int64{0, 1}) {
		t.Errorf("got %v, %v", n.Results, err)
	}
}

func TestWhereByHand(t *testing.T) {
	is := of(dims(2, 1), 1, 0)
	a, b := of(dims(1, 2), 1, 2), of(dims(2, 2), 5, 6, 7, 8)
	checkByHand(t, map[string]byHand{
		"activations":  {"Where", nil, in(is, a, b), []float32{1, 2, 7, 8}},
		"of constants": {"Where", nil, in(is, reals(nil, 1), reals(dims(2), 5, 6)), []float32{1, 1, 5, 6}},
		"a mask":       {"Where", nil, in(reals(dims(2), 0, 1), b, reals(dims(1), -9)), []float32{-9, 6, -9, 8}},
		"folded":       {"Where", nil, in(reals(dims(2), 0, 1), reals(nil, 3), reals(nil, 4)), []float32{4, 3}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{"shapes": node("Where", nil, is, a, dense(dims(3)))})
}

// Integers are divided as integers are, whether they are constants or not.
func TestIntegers(t *testing.T) {
	whole := func(op string, a attr, x, y []float32) []float32 {
		t.Helper()
		n := node(op, a, of(dims(len(x)), x...), of(dims(len(y)), y...))
		n.In[0].Type, n.In[1].Type = onnx.Int32, onnx.Int32
		if err := read(n); err != nil {
			t.Fatal(err)
		}
		if n.Results[0].Type != onnx.Int32 {
			t.Errorf("%s gives %v", op, n.Results[0].Type)
		}
		return apply(t, n.Results[0].Operation, n.Results[0].Shape, of(dims(len(x)), x...), of(dims(len(y)), y...)).Float32s()
	}
	x, y := []float32{7, -7, 7, -7}, []float32{2, 2, -2, -2}
	for name, test := range map[string]struct {
		op   string
		with attr
		want []float32
	}{
		"divided":   {"Div", nil, []float32{3, -3, -3, 3}},
		"remainder": {"Mod", nil, []float32{1, 1, -1, -1}},
		"fmod":      {"Mod", attr{"fmod": 1}, []float32{1, -1, 1, -1}},
	} {
		if got := whole(test.op, test.with, x, y); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
	n := node("Mod", nil, integers(7, -7), integers(2))
	if err := read(n); err != nil || !slices.Equal(n.Results[0].Constant.ints, []int64{1, 1}) {
		t.Errorf("got %v, %v", n.Results, err)
	}
	n = node("ReduceMean", attr{"keepdims": 0}, integers(1, 2))
	if err := read(n); err != nil || !slices.Equal(n.Results[0].Constant.ints, []int64{1}) || len(n.Results[0].Constant.Dims) != 0 {
		t.Errorf("got %v, %v", n.Results, err)
	}
}

func TestBitsByHand(t *testing.T) {
	bits := func(op string, a attr, x ...*Constant) []int64 {
		t.Helper()
		n := node(op, a)
		for _, c := range x {
			c.Type = onnx.Uint8
			n.In, n.Inputs = append(n.In, Input{Constant: c}), append(n.Inputs, "x")
		}
		if err := read(n); err != nil {
			t.Fatal(err)
		}
		return n.Results[0].Constant.ints
	}
	a, b := integers(12, 200), integers(10, 1)
	for name, got := range map[string][]int64{
		"and":   bits("BitwiseAnd", nil, a, b),
		"or":    bits("BitwiseOr", nil, a, b),
		"xor":   bits("BitwiseXor", nil, a, b),
		"not":   bits("BitwiseNot", nil, a),
		"left":  bits("BitShift", attr{"direction": "LEFT"}, integers(3, 200), integers(2, 1)),
		"right": bits("BitShift", attr{"direction": "RIGHT"}, integers(12, 200), integers(2, 1)),
	} {
		if want := map[string][]int64{"and": {8, 0}, "or": {14, 201}, "xor": {6, 201}, "not": {243, 55}, "left": {12, 144}, "right": {3, 100}}[name]; !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	x := node("BitwiseAnd", nil, dense(dims(1)), dense(dims(1)))
	x.In[0].Type, x.In[1].Type = onnx.Int32, onnx.Int32
	checkRefused(t, ErrUnsupported, map[string]*Node{"32 bits": x})
}
