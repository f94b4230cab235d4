package op

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
	"tandem/model/internal/onnx"
)

func TestClampByHand(t *testing.T) {
	x := of(dims(1, 4), -2, -1, 0, 3)
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	checkByHand(t, map[string]byHand{
		"relu":               {"Relu", nil, in(x), []float32{0, 0, 0, 3}},
		"relu, two rows":     {"Relu", nil, in(of(dims(2, 2), -1, 0, 2, inf)), []float32{0, 0, 2, inf}},
		"relu of NaN":        {"Relu", nil, in(of(dims(1), nan)), []float32{nan}},
		"clip by attributes": {"Clip", attr{"opset": 9, "min": -1.0, "max": 2.0}, in(x), []float32{-1, -1, 0, 2}},
		"clip by inputs":     {"Clip", nil, in(x, nil, reals(nil, 2)), []float32{-2, -1, 0, 2}},
		"clip, no bounds":    {"Clip", nil, in(x), []float32{-2, -1, 0, 3}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{
		"two bounds": node("Clip", nil, x, reals(dims(2), 1, 2)),
		"two inputs": node("Relu", nil, x, x),
	})
	checkRefused(t, ErrMalformed, map[string]*Node{"a list of bounds": node("Clip", nil, x, x)})
}

// A clamp behind a clamp is one.
func TestClampAfter(t *testing.T) {
	six := clampOp{bounds: f32.ReLU6}
	if got := six.After(f32.Linear); got != f32.ReLU6 {
		t.Errorf("got %v", got)
	}
	if got := six.After(f32.Clamp{Min: -3, Max: 2}); got != (f32.Clamp{Min: 0, Max: 2}) {
		t.Errorf("got %v", got)
	}
}

func TestClampAgainstOracle(t *testing.T) {
	forSeeds(t, func(t *testing.T, r *rand.Rand) {
		x := random(r, drawn(r, 4)...)
		y, err := tensor.Clamp(x, float32(-0.5), float32(1))
		oracle(t, "Clip", nil, in(x, reals(nil, -0.5), reals(nil, 1)), y, err)
	})
}

// Bounds may come with the frame, and be integers.
func TestClipWithBoundsOfTheFrame(t *testing.T) {
	x := of(dims(1, 4), -2, -1, 0, 3)
	checkByHand(t, map[string]byHand{
		"both":     {"Clip", nil, in(x, of(nil, -1), of(nil, 2)), []float32{-1, -1, 0, 2}},
		"one":      {"Clip", nil, in(x, nil, of(dims(1), 1)), []float32{-2, -1, 0, 1}},
		"integers": {"Clip", nil, in(x, &Constant{Type: onnx.Int32, ints: []int64{-1}}), []float32{-1, -1, 0, 3}},
	})
}
