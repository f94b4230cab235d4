package op

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"
)

func TestSliceByHand(t *testing.T) {
	six := of(dims(1, 2, 3), 1, 2, 3, 4, 5, 6)
	checkByHand(t, map[string]byHand{
		"backwards":     {"Slice", nil, in(six, integers(-1), integers(math.MinInt64), integers(2), integers(-2)), []float32{3, 1, 6, 4}},
		"by attributes": {"Slice", attr{"opset": 9, "starts": []int64{1}, "ends": []int64{math.MaxInt64}, "axes": []int64{1}}, in(six), []float32{4, 5, 6}},
		"all axes":      {"Slice", nil, in(six, integers(0, 0, 1), integers(1, 2, 9)), []float32{2, 3, 5, 6}},
		"a constant":    {"Slice", nil, in(reals(dims(2, 3), 1, 2, 3, 4, 5, 6), integers(1), integers(3), integers(1)), []float32{2, 3, 5, 6}},
	})
	n := node("Slice", nil, integers(5, 6), integers(0), integers(0))
	if err := read(n); err != nil || n.Results[0].Constant.volume() != 0 {
		t.Errorf("an empty part of a constant: got %v, %v", n.Results, err)
	}
	checkRefused(t, ErrMalformed, map[string]*Node{
		"step":  node("Slice", nil, six, integers(0), integers(1), integers(1), integers(0)),
		"lists": node("Slice", nil, six, integers(0), integers(1, 2)),
		"axis":  node("Slice", nil, six, integers(0), integers(1), integers(3)),
	})
	checkRefused(t, ErrUnsupported, map[string]*Node{
		"nothing left":        node("Slice", nil, six, integers(2), integers(1), integers(2)),
		"ends from the frame": node("Slice", nil, six, integers(2), six),
	})
}

func TestSliceAgainstOracle(t *testing.T) {
	forSeeds(t, func(t *testing.T, r *rand.Rand) {
		x := random(r, drawn(r, 2+r.IntN(3))...)
		axis := 1 + r.IntN(x.Dims()-1)
		size := x.Shape()[axis]
		from := r.IntN(size)
		to := from + 1 + r.IntN(size-from)
		cuts := make([]tensor.Slice, x.Dims())
		cuts[axis] = tensor.S(from, to)
		y, err := x.Slice(cuts...)
		if err != nil {
			t.Fatal(err)
		}
		want := y.Materialize().(*tensor.Dense)
		alike(t, "Slice", compute(t, "Slice", nil, x, integers(int64(from)), integers(int64(to)), integers(int64(axis))), elementsOf(want), 0)
	})
}
