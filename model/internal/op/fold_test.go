package op

import (
	"math"
	"slices"
	"testing"
)

// What a kernel computes for a frame it computes for constants.
func TestFoldsByKernel(t *testing.T) {
	six := reals(dims(1, 2, 3), 1, 2, 3, 4, 5, 6)
	checkByHand(t, map[string]byHand{
		"a curve":             {"Relu", nil, in(reals(dims(2), -1, 2)), []float32{0, 2}},
		"of weights":          {"Sub", nil, in(weights(dims(2), 3, 4), reals(nil, 1)), []float32{2, 3}},
		"a mean":              {"ReduceMean", nil, in(six), []float32{3.5}},
		"a matrix":            {"Gemm", nil, in(reals(dims(1, 2), 1, 2), weights(dims(2, 1), 3, 4)), []float32{11}},
		"several outputs":     {"Split", attr{"axis": 1, "outputs": 2}, in(six), []float32{4, 5, 6}},
		"without limit":       {"Slice", nil, in(weights(dims(5000), make([]float32, 5000)...), integers(1), integers(3)), []float32{0, 0}},
		"padded":              {"Pad", attr{"opset": 9, "pads": []int64{0, 1}, "value": 7.0}, in(reals(dims(1), 3)), []float32{3, 7}},
		"another name of one": {"Max", nil, in(reals(dims(1), 3)), []float32{3}},
	})
}

// Integers are moved whatever they are, and computed with where float32 has
// them.
func TestFoldsIntegers(t *testing.T) {
	const large = math.MaxInt64 - 1
	n := node("Gather", nil, integers(1, large, 3), integers(1, 1))
	if err := read(n); err != nil || !slices.Equal(n.Results[0].Constant.ints, []int64{large, large}) {
		t.Errorf("got %v, %v", n.Results, err)
	}
	n = node("Relu", nil, integers(-1, 5))
	if err := read(n); err != nil || !slices.Equal(n.Results[0].Constant.ints, []int64{0, 5}) || n.Results[0].Constant.Type != integers().Type {
		t.Errorf("got %v, %v", n.Results, err)
	}
	n = node("Slice", nil, integers(1, 2), integers(0), integers(0))
	if err := read(n); err != nil || !slices.Equal(n.Results[0].Constant.Dims, []int64{0}) || n.Results[0].Constant.ints != nil {
		t.Errorf("got %v, %v", n.Results, err)
	}
	checkRefused(t, ErrUnsupported, map[string]*Node{"too large": node("Relu", nil, integers(exact+1))})
}
