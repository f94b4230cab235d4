package op

import (
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"
)

func TestReductionsByHand(t *testing.T) {
	six := of(dims(1, 2, 3), 1, 2, 3, 4, 5, 6)
	checkByHand(t, map[string]byHand{
		"global average pool": {"GlobalAveragePool", nil, in(of(dims(1, 2, 1, 3), 1, 2, 3, 4, 5, 6)), []float32{2, 5}},
		"of rows":             {"ReduceMean", attr{"axes": []int64{-1}, "keepdims": 0}, in(six), []float32{2, 5}},
		"of columns":          {"ReduceMean", attr{"opset": 18}, in(six, integers(1)), []float32{2.5, 3.5, 4.5}},
		"of all":              {"ReduceMean", nil, in(six), []float32{3.5}},
		"of all, one number":  {"ReduceMean", attr{"keepdims": 0}, in(six), []float32{3.5}},
		"of none":             {"ReduceMean", attr{"noop_with_empty_axes": 1}, in(six), []float32{1, 2, 3, 4, 5, 6}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{
		"axis":          node("ReduceMean", attr{"axes": []int64{3}}, six),
		"an axis twice": node("ReduceMean", attr{"axes": []int64{1, -2}}, six),
		"no planes":     node("GlobalAveragePool", nil, of(dims(1, 2), 1, 2)),
	})
}

// The library adds up the columns of a matrix rightly; along an axis in the
// middle it does not, so that this is moved to the end first.
func TestReduceMeanAgainstOracle(t *testing.T) {
	forSeeds(t, func(t *testing.T, r *rand.Rand) {
		x := random(r, drawn(r, 2+r.IntN(3))...)
		axis := 1 + r.IntN(x.Dims()-1)
		order, kept := []int{}, []int{}
		for i, d := range x.Shape() {
			if i != axis {
				order, kept = append(order, i), append(kept, d)
			}
		}
		along := x.Shape()[axis]
		y, err := tensor.Transpose(x, append(order, axis)...)
		if _, same := err.(tensor.NoOpError); same {
			y, err = x, nil
		}
		if err != nil {
			t.Fatal(err)
		}
		matrix := over(elementsOf(y.(*tensor.Dense)), dims(Volume(kept), along))
		if y, err = tensor.Sum(matrix, 1); err == nil {
			y, err = tensor.Div(y, float32(along))
		}
		want := over(elementsOf(y.(*tensor.Dense)), kept)
		oracle(t, "ReduceMean", attr{"axes": []int64{int64(axis)}, "keepdims": 0}, in(x), want, err)
	})
}
