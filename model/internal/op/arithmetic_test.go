package op

import (
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

func TestArithmeticByHand(t *testing.T) {
	six := of(dims(1, 2, 3), 1, 2, 3, 4, 5, 6)
	x := of(dims(1, 4), -2, -1, 0, 3)
	checkByHand(t, map[string]byHand{
		"min":                  {"Min", nil, in(x, reals(dims(1), 1)), []float32{-2, -1, 0, 1}},
		"max":                  {"Max", nil, in(x, reals(dims(4), 0, -3, 1, 1)), []float32{0, -1, 1, 3}},
		"max of one":           {"Max", nil, in(x), []float32{-2, -1, 0, 3}},
		"add rows":             {"Add", nil, in(six, reals(dims(3), 10, 20, 30)), []float32{11, 22, 33, 14, 25, 36}},
		"subtract columns":     {"Sub", nil, in(six, reals(dims(2, 1), 1, 2)), []float32{0, 1, 2, 2, 3, 4}},
		"multiply by a number": {"Mul", nil, in(six, reals(nil, 2)), []float32{2, 4, 6, 8, 10, 12}},
		"divide":               {"Div", nil, in(six, reals(dims(1, 2, 3), 1, 2, 3, 4, 5, 6)), []float32{1, 1, 1, 1, 1, 1}},
		"divide a constant":    {"Div", nil, in(reals(nil, 6), of(dims(1, 2), 2, 3)), []float32{3, 2}},
		"weights in the file":  {"Add", nil, in(weights(dims(2, 1), 10, 20), six), []float32{11, 12, 13, 24, 25, 26}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{
		"shapes":        node("Add", nil, six, x),
		"one input":     node("Add", nil, x),
		"left out":      node("Mul", nil, x, nil),
		"one left out":  node("Max", nil, x, nil),
		"two types":     node("Add", nil, integers(1), reals(dims(1), 1)),
		"integers":      node("Add", nil, x, integers(1)),
		"divide by 0":   node("Div", nil, integers(1), integers(0)),
		"folded shapes": node("Sub", nil, integers(1, 2), integers(1, 2, 3)),
	})
}

func TestArithmeticFolds(t *testing.T) {
	a, b := integers(7, -8, 9), integers(2)
	for name, want := range map[string][]int64{
		"Add": {9, -6, 11}, "Sub": {5, -10, 7}, "Mul": {14, -16, 18}, "Div": {3, -4, 4}, "Min": {2, -8, 2}, "Max": {7, 2, 9},
	} {
		n := node(name, nil, a, b)
		if err := read(n); err != nil || !slices.Equal(n.Results[0].Constant.ints, want) {
			t.Errorf("%s: got %v, %v, want %v", name, n.Results, err, want)
		}
	}
	alike(t, "folded", compute(t, "Mul", nil, reals(dims(2, 1), 1, 2), weights(dims(3), 1, 2, 3)), []float32{1, 2, 3, 2, 4, 6}, 0)
}

// Broadcasts are those of the oracle on tensors that are written out.
func TestArithmeticAgainstOracle(t *testing.T) {
	ops := map[string]func(a, b any, opts ...tensor.FuncOpt) (tensor.Tensor, error){
		"Add": tensor.Add, "Sub": tensor.Sub, "Mul": tensor.Mul, "Div": tensor.Div, "Min": tensor.MinBetween, "Max": tensor.MaxBetween,
	}
	forSeeds(t, func(t *testing.T, r *rand.Rand) {
		shape := drawn(r, 1+r.IntN(5))
		// One of the two has dimensions of 1 that are repeated.
		thin := slices.Clone(shape)
		for i := range thin {
			if r.IntN(2) == 0 {
				thin[i] = 1
			}
		}
		a, b := random(r, shape...), random(r, thin...)
		full := b
		for axis, d := range shape {
			if thin[axis] != d {
				repeated, err := tensor.Repeat(full, axis, d)
				if err != nil {
					t.Fatal(err)
				}
				full = over(elementsOf(repeated.(*tensor.Dense)), append(append([]int{}, shape[:axis+1]...), thin[axis+1:]...))
			}
		}
		for name, of := range ops {
			y, err := of(a, full)
			oracle(t, name, nil, in(a, b), y, err)
			y, err = of(full, a)
			oracle(t, name, nil, in(b, a), y, err)
			if b.Size() > 1 {
				y, err = of(a, full)
				oracle(t, name, nil, in(a, weights(thin, b.Float32s()...)), y, err)
			}
		}
	})
}

// Before version 7 an attribute says where the second operand lies in the first.
func TestArithmeticOfOldVersions(t *testing.T) {
	six := of(dims(1, 2, 3), 1, 2, 3, 4, 5, 6)
	checkByHand(t, map[string]byHand{
		"along an axis": {"Add", attr{"opset": 6, "broadcast": 1, "axis": 1}, in(six, reals(dims(2), 10, 20)), []float32{11, 12, 13, 24, 25, 26}},
		"at the end":    {"Add", attr{"opset": 6, "broadcast": 1}, in(six, reals(dims(3), 10, 20, 30)), []float32{11, 22, 33, 14, 25, 36}},
		"slopes":        {"PRelu", attr{"opset": 6}, in(of(dims(1, 2, 2), -1, -1, -1, 1), reals(dims(2), 2, 3)), []float32{-2, -2, -3, 1}},
	})
	checkRefused(t, ErrUnsupported, map[string]*Node{"an activation": node("Add", attr{"opset": 6, "broadcast": 1, "axis": 1}, six, dense(dims(2)))})
}
