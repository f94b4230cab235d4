package op

import (
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

func TestConcatByHand(t *testing.T) {
	a, b := of(dims(1, 2, 1), 0, 5), of(dims(1, 2, 1), -1, 7)
	checkByHand(t, map[string]byHand{
		"channels":     {"Concat", attr{"axis": 1}, in(a, b, a), []float32{0, 5, -1, 7, 0, 5}},
		"columns":      {"Concat", attr{"axis": -1}, in(a, b), []float32{0, -1, 5, 7}},
		"a constant":   {"Concat", attr{"axis": 1}, in(reals(dims(1, 1, 1), 9), a, weights(dims(1, 1, 1), 8)), []float32{9, 0, 5, 8}},
		"an empty one": {"Concat", attr{"axis": 1}, in(a, reals(dims(1, 0, 1)), b), []float32{0, 5, -1, 7}},
		"one":          {"Concat", attr{"axis": 1}, in(a), []float32{0, 5}},
		"constants":    {"Concat", attr{"axis": 1}, in(reals(dims(2, 1), 1, 2), reals(dims(2, 2), 3, 4, 5, 6)), []float32{1, 3, 4, 2, 5, 6}},
		"of the file":  {"Concat", attr{"axis": 0}, in(weights(dims(1), 1), reals(dims(1), 2)), []float32{1, 2}},
	})
	n := node("Concat", attr{"axis": 0}, integers(1, 2), integers(3))
	if err := read(n); err != nil || !slices.Equal(n.Results[0].Constant.ints, []int64{1, 2, 3}) {
		t.Errorf("integers: got %v, %v", n.Results, err)
	}
	checkRefused(t, ErrMalformed, map[string]*Node{
		"shapes":    node("Concat", attr{"axis": 1}, a, of(dims(1, 2), 1, 2)),
		"left out":  node("Concat", attr{"axis": 1}, a, nil),
		"axis":      node("Concat", attr{"axis": 3}, a, b),
		"two types": node("Concat", attr{"axis": 0}, integers(1), reals(dims(1), 1)),
		"no inputs": node("Concat", nil),
	})
}

func TestConcatAgainstOracle(t *testing.T) {
	forSeeds(t, func(t *testing.T, r *rand.Rand) {
		shape := drawn(r, 2+r.IntN(3))
		axis := 1 + r.IntN(len(shape)-1)
		other := slices.Clone(shape)
		other[axis] = 1 + r.IntN(5)
		a, b := random(r, shape...), random(r, other...)
		y, err := tensor.Concat(axis, a, b, a)
		oracle(t, "Concat", attr{"axis": axis}, in(a, b, a), y, err)
	})
}
