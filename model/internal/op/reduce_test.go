package op

import (
	"math"
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

func TestOtherReductionsByHand(t *testing.T) {
	six := of(dims(1, 2, 3), 1, -2, 3, 4, 5, -6)
	last := attr{"axes": []int64{-1}, "keepdims": 0}
	ln := func(v float64) float32 { return float32(math.Log(v)) }
	checkByHand(t, map[string]byHand{
		"sum":          {"ReduceSum", nil, in(six, integers(2)), []float32{2, 3}},
		"sum of all":   {"ReduceSum", attr{"keepdims": 0}, in(six), []float32{5}},
		"sum of none":  {"ReduceSum", attr{"noop_with_empty_axes": 1}, in(six), []float32{1, -2, 3, 4, 5, -6}},
		"middle":       {"ReduceSum", nil, in(six, integers(1)), []float32{5, 3, -3}},
		"product":      {"ReduceProd", last, in(six), []float32{-6, -120}},
		"maximum":      {"ReduceMax", last, in(six), []float32{3, 5}},
		"minimum":      {"ReduceMin", last, in(six), []float32{-2, -6}},
		"l1":           {"ReduceL1", last, in(six), []float32{6, 15}},
		"l1 of none":   {"ReduceL1", attr{"opset": 18, "noop_with_empty_axes": 1}, in(six), []float32{1, 2, 3, 4, 5, 6}},
		"l2":           {"ReduceL2", last, in(of(dims(1, 2), 3, 4)), []float32{5}},
		"squares":      {"ReduceSumSquare", last, in(six), []float32{14, 77}},
		"log of sum":   {"ReduceLogSum", last, in(six), []float32{ln(2), ln(3)}},
		"of exp":       {"ReduceLogSumExp", last, in(of(dims(1, 3), ln(1), ln(2), ln(5))), []float32{ln(8)}},
		"of large exp": {"ReduceLogSumExp", last, in(of(dims(1, 2), 1000, 1000)), []float32{1000 + ln(2)}},
		"a plane":      {"GlobalMaxPool", nil, in(of(dims(1, 2, 1, 2), 1, 2, 4, 3)), []float32{2, 4}},
	})
}

func TestPlacesByHand(t *testing.T) {
	x := of(dims(2, 3), 1, 5, 5, 7, 0, 0)
	checkByHand(t, map[string]byHand{
		"argmax":          {"ArgMax", attr{"axis": 1}, in(x), []float32{1, 0}},
		"argmax, last":    {"ArgMax", attr{"axis": 1, "select_last_index": 1, "keepdims": 0}, in(x), []float32{2, 0}},
		"argmin":          {"ArgMin", nil, in(x), []float32{0, 1, 1}},
		"sums":            {"CumSum", nil, in(x, integers(1)), []float32{1, 6, 11, 7, 7, 7}},
		"exclusive":       {"CumSum", attr{"exclusive": 1}, in(x, integers(1)), []float32{0, 1, 6, 0, 7, 7}},
		"reversed":        {"CumSum", attr{"reverse": 1}, in(x, integers(0)), []float32{8, 5, 5, 7, 0, 0}},
		"both":            {"CumSum", attr{"reverse": 1, "exclusive": 1}, in(x, integers(-1)), []float32{10, 5, 0, 0, 0, 0}},
		"top, places":     {"TopK", attr{"outputs": 2}, in(x, integers(2)), []float32{1, 2, 0, 1}},
		"smallest":        {"TopK", attr{"outputs": 2, "largest": 0, "axis": 0}, in(x, integers(1)), []float32{0, 1, 1}},
		"log softmax":     {"LogSoftmax", nil, in(of(dims(1, 2), 1000, 1000)), []float32{-0.6931472, -0.6931472}},
		"hardmax":         {"Hardmax", nil, in(x), []float32{0, 1, 0, 1, 0, 0}},
		"hardmax, before": {"Hardmax", attr{"opset": 9}, in(of(dims(1, 2, 2), 1, 2, 4, 3)), []float32{0, 0, 1, 0}},
	})
	alike(t, "TopK", outputs(t, "TopK", attr{"outputs": 2}, x, integers(2))[0], []float32{5, 5, 7, 0}, 0)
	checkRefused(t, ErrMalformed, map[string]*Node{
		"more than there are": node("TopK", nil, x, integers(4)),
		"axis":                node("CumSum", nil, x, integers(2)),
	})
}

func TestManyByHand(t *testing.T) {
	a, b, c := of(dims(1, 2), 1, 2), of(dims(2, 1), 10, 20), reals(nil, 3)
	checkByHand(t, map[string]byHand{
		"sum":           {"Sum", nil, in(a, b, c), []float32{14, 15, 24, 25}},
		"sum of two":    {"Sum", nil, in(a, a), []float32{2, 4}},
		"sum of one":    {"Sum", nil, in(a), []float32{1, 2}},
		"mean":          {"Mean", nil, in(a, c, reals(nil, 5)), []float32{3, 10. / 3}},
		"mean of two":   {"Mean", nil, in(a, c), []float32{2, 2.5}},
		"max":           {"Max", nil, in(a, b, c), []float32{10, 10, 20, 20}},
		"min":           {"Min", nil, in(a, b, c), []float32{1, 2, 1, 2}},
		"min, in place": {"Min", nil, in(c, a, a), []float32{1, 2}},
		"folded":        {"Sum", nil, in(c, c, c), []float32{9}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{"left out": node("Sum", nil, a, nil, a), "shapes": node("Sum", nil, a, a, dense(dims(3)))})
}
