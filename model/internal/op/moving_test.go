package op

import (
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

// Where shapes and places are computed, the file declares what they give.
func TestComputedPlacesByHand(t *testing.T) {
	six := of(dims(2, 3), 1, 2, 3, 4, 5, 6)
	v := func(v ...float32) *tensor.Dense { return of(dims(len(v)), v...) }
	all := attr{"integers": []int64{1, 2, 3, 4}}
	pads := attr{"integers": []int64{1}}
	for name, test := range map[string]struct {
		op     string
		with   attr
		inputs []any
		shape  []int
		want   []float32
	}{
		"slice":             {"Slice", all, in(six, v(-2), v(9), v(1), v(1)), dims(2, 2), []float32{2, 3, 5, 6}},
		"slice backwards":   {"Slice", all, in(six, v(9, -1), v(-9, -9), v(0, 1), v(-1, -2)), dims(2, 2), []float32{6, 4, 3, 1}},
		"pad":               {"Pad", pads, in(six, v(0, 1, 0, -1), reals(nil, 9)), dims(2, 3), []float32{9, 1, 2, 9, 4, 5}},
		"pad, reflected":    {"Pad", attr{"integers": []int64{1}, "mode": "reflect"}, in(six, v(0, 1, 0, 0)), dims(2, 4), []float32{2, 1, 2, 3, 5, 4, 5, 6}},
		"reshape":           {"Reshape", pads, in(six, v(3, 2)), dims(3, 2), six.Float32s()},
		"unsqueeze":         {"Unsqueeze", pads, in(six, v(1)), dims(2, 1, 3), six.Float32s()},
		"constant of shape": {"ConstantOfShape", attr{"integers": []int64{0}}, in(v(2)), dims(2), []float32{0, 0}},
	} {
		n := node(test.op, test.with, test.inputs...)
		n.Declared = func(string) []int { return test.shape }
		if err := read(n); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r := n.Results[0]
		if r.Constant != nil {
			if !slices.Equal(r.Constant.reals, test.want) {
				t.Errorf("%s: got %v, want %v", name, r.Constant.reals, test.want)
			}
			continue
		}
		var xs []*tensor.Dense
		for _, i := range r.From {
			xs = append(xs, test.inputs[i].(*tensor.Dense))
		}
		alike(t, name, apply(t, r.Operation, r.Shape, xs...), test.want, 0)
	}
	checkRefused(t, ErrUnsupported, map[string]*Node{
		"a shape that nobody declares": node("Reshape", pads, six, v(3, 2)),
		"a place":                      node("Slice", attr{"integers": []int64{1, 2}}, six, v(0), v(1)),
		"pads":                         node("Pad", pads, six, v(0, 0, 0, 0)),
	})
}
