package op

import (
	"slices"
	"testing"

	"tandem/model/internal/onnx"
)

func TestConstantsByHand(t *testing.T) {
	checkByHand(t, map[string]byHand{
		"tensor":            {"Constant", attr{"value": onnx.FloatTensor([]float32{1, 2}, 2)}, nil, []float32{1, 2}},
		"number":            {"Constant", attr{"value_float": 7.0}, nil, []float32{7}},
		"numbers":           {"Constant", attr{"value_floats": []float32{1, 2, 3}}, nil, []float32{1, 2, 3}},
		"constant of shape": {"ConstantOfShape", attr{"value": onnx.FloatTensor([]float32{3}, 1)}, in(integers(2)), []float32{3, 3}},
		"zeros":             {"ConstantOfShape", nil, in(integers(1, 3)), []float32{0, 0, 0}},
		"identity":          {"Identity", nil, in(weights(dims(2), 1, 2)), []float32{1, 2}},
		"dropout":           {"Dropout", nil, in(of(dims(1, 2), 1, 2)), []float32{1, 2}},
		"cast to itself":    {"Cast", attr{"to": 1}, in(of(dims(1, 2), 1, 2)), []float32{1, 2}},
		"cast of integers":  {"Cast", attr{"to": 1}, in(integers(1, -2)), []float32{1, -2}},
		"cast of reals":     {"Cast", attr{"to": 1}, in(reals(dims(2), 1, -2)), []float32{1, -2}},
	})
	for name, test := range map[string]struct {
		n    *Node
		want []int64
	}{
		"integer":      {node("Constant", attr{"value_int": 5}), []int64{5}},
		"integers":     {node("Constant", attr{"value_ints": []int64{5, 6}}), []int64{5, 6}},
		"shape":        {node("Shape", nil, dense(dims(1, 2, 3))), []int64{1, 2, 3}},
		"its end":      {node("Shape", attr{"start": -2}, dense(dims(1, 2, 3))), []int64{2, 3}},
		"its middle":   {node("Shape", attr{"start": 1, "end": 2}, dense(dims(1, 2, 3))), []int64{2}},
		"of constants": {node("Shape", nil, weights(dims(2, 1), 1, 2)), []int64{2, 1}},
		"cast":         {node("Cast", attr{"to": 7}, reals(dims(2), 1.7, -2.7)), []int64{1, -2}},
		"gathered":     {node("Gather", nil, integers(5, 6, 7), integers(2)), []int64{7}},
		"sliced":       {node("Slice", nil, integers(5, 6, 7), integers(1), integers(3)), []int64{6, 7}},
		"turned":       {node("Transpose", nil, integers(5, 6, 7)), []int64{5, 6, 7}},
	} {
		if err := read(test.n); err != nil || !slices.Equal(test.n.Results[0].Constant.ints, test.want) {
			t.Errorf("%s: got %v, %v, want %v", name, test.n.Results, err, test.want)
		}
	}
	checkRefused(t, ErrMalformed, map[string]*Node{
		"no value":         node("Constant", nil),
		"a shape of reals": node("ConstantOfShape", nil, reals(dims(1), 2)),
		"two numbers":      node("ConstantOfShape", attr{"value": onnx.FloatTensor([]float32{3, 4}, 2)}, integers(2)),
	})
	checkRefused(t, ErrUnsupported, map[string]*Node{
		"a string":             node("Constant", attr{"value_string": "a"}),
		"a shape of the frame": node("ConstantOfShape", attr{"integers": []int64{0}}, dense(dims(1))),
		"an unknown type":      node("Cast", attr{"to": 8}, integers(1)),
		"a huge result":        node("ConstantOfShape", nil, integers(1<<40)),
	})
}

// Constants that are computed are paid for.
func TestBudget(t *testing.T) {
	b := Budget(100)
	n := node("ConstantOfShape", nil, integers(10))
	n.Budget = &b
	if err := read(n); !isError(err, ErrUnsupported) {
		t.Errorf("got %v", err)
	}
	if _, err := Hold("", onnx.FloatTensor(nil, 0), &b); err != nil {
		t.Errorf("what stays in the file costs nothing: %v", err)
	}
}

// Weights are numbers, at least one.
func TestWeights(t *testing.T) {
	for name, c := range map[string]*Constant{
		"integers": integers(1), "none": reals(dims(0)), "too many": {Dims: []int64{1 << 29}}, "another type": {Dims: []int64{1}, file: &onnx.Tensor{Type: 8}},
	} {
		if c.weight() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestTableIsComplete(t *testing.T) {
	for name, o := range Table {
		if o.Read == nil && o.Fold == nil {
			t.Errorf("%s can't be read", name)
		}
	}
}
