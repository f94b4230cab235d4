package op

import (
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

func TestTransposeByHand(t *testing.T) {
	six := of(dims(1, 2, 3), 1, 2, 3, 4, 5, 6)
	turned := []float32{1, 4, 2, 5, 3, 6}
	checkByHand(t, map[string]byHand{
		"by order":                {"Transpose", attr{"perm": []int64{0, 2, 1}}, in(six), turned},
		"reversed":                {"Transpose", nil, in(six), turned},
		"a known constant":        {"Transpose", nil, in(reals(dims(2, 3), 1, 2, 3, 4, 5, 6)), turned},
		"weights in the file":     {"Transpose", nil, in(weights(dims(2, 3), 1, 2, 3, 4, 5, 6)), turned},
		"weights, left as it was": {"Transpose", attr{"perm": []int64{0, 1}}, in(weights(dims(2, 3), 1, 2, 3, 4, 5, 6)), []float32{1, 2, 3, 4, 5, 6}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{
		"twice":   node("Transpose", attr{"perm": []int64{0, 1, 1}}, six),
		"too few": node("Transpose", attr{"perm": []int64{0, 1}}, six),
	})
}

// A view is contiguous only where nothing moves.
func TestTransposeAsView(t *testing.T) {
	for _, test := range []struct {
		shape      []int
		perm       []int64
		contiguous bool
	}{
		{dims(1, 2, 3), []int64{0, 2, 1}, false},
		{dims(1, 2, 3), []int64{1, 0, 2}, true},
		{dims(1, 1, 3), []int64{2, 0, 1}, true},
		{dims(2, 1, 3), []int64{0, 2, 1}, true},
		{dims(1, 1), []int64{1, 0}, true},
	} {
		n := node("Transpose", attr{"perm": test.perm}, dense(test.shape))
		if err := read(n); err != nil {
			t.Fatal(err)
		}
		ap, _, can := n.Results[0].Operation.(View).View(rowMajor(test.shape))
		if !can || ap.DataOrder().IsContiguous() != test.contiguous {
			t.Errorf("%v of %v: %v, %v", test.perm, test.shape, ap, can)
		}
	}
}

func TestTransposeAgainstOracle(t *testing.T) {
	forSeeds(t, func(t *testing.T, r *rand.Rand) {
		x := random(r, drawn(r, 2+r.IntN(4))...)
		order := r.Perm(x.Dims())
		y := over(slices.Clone(x.Float32s()), x.Shape())
		err := y.T(order...)
		if err == nil {
			err = y.Transpose()
		}
		if _, noOp := err.(tensor.NoOpError); noOp || ordered(order) {
			return
		}
		oracle(t, "Transpose", attr{"perm": wide(order)}, in(x), y, err)
		oracle(t, "Transpose", attr{"perm": wide(order)}, in(weights(x.Shape(), x.Float32s()...)), y, err)
	})
}
