package op

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"
)

func TestCurvesByHand(t *testing.T) {
	x := of(dims(1, 4), -2, -1, 0, 3)
	sig := func(v float64) float32 { return float32(1 / (1 + math.Exp(-v))) }
	tan := func(v float64) float32 { return float32(math.Tanh(v)) }
	checkByHand(t, map[string]byHand{
		"leaky relu":          {"LeakyRelu", attr{"alpha": 0.5}, in(x), []float32{-1, -0.5, 0, 3}},
		"leaky relu, default": {"LeakyRelu", nil, in(x), []float32{-0.02, -0.01, 0, 3}},
		"sigmoid":             {"Sigmoid", nil, in(x), []float32{sig(-2), sig(-1), 0.5, sig(3)}},
		"tanh":                {"Tanh", nil, in(x), []float32{tan(-2), tan(-1), 0, tan(3)}},
		"hard sigmoid":        {"HardSigmoid", nil, in(of(dims(1, 4), -3, -1, 0, 3)), []float32{0, 0.3, 0.5, 1}},
		"hard swish":          {"HardSwish", nil, in(of(dims(1, 4), -4, -1.5, 0, 3)), []float32{0, -0.375, 0, 3}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{"two inputs": node("Tanh", nil, x, x)})
}

func TestCurvesAgainstOracle(t *testing.T) {
	must := func(y tensor.Tensor, err error) tensor.Tensor {
		if err != nil {
			t.Fatal(err)
		}
		return y
	}
	forSeeds(t, func(t *testing.T, r *rand.Rand) {
		x := random(r, drawn(r, 4)...)
		y, err := tensor.Tanh(x)
		oracle(t, "Tanh", nil, in(x), y, err)
		y, err = tensor.Inv(must(tensor.Add(must(tensor.Exp(must(tensor.Neg(x)))), float32(1))))
		oracle(t, "Sigmoid", nil, in(x), y, err)
		hard := must(tensor.Clamp(must(tensor.Add(must(tensor.Mul(x, float32(0.2))), float32(0.5))), float32(0), float32(1)))
		oracle(t, "HardSigmoid", nil, in(x), hard, nil)
		hard = must(tensor.Clamp(must(tensor.Add(must(tensor.Div(x, float32(6))), float32(0.5))), float32(0), float32(1)))
		y, err = tensor.Mul(x, hard)
		oracle(t, "HardSwish", nil, in(x), y, err)
		y, err = tensor.Add(must(tensor.Clamp(x, float32(0), float32(9))), must(tensor.Mul(must(tensor.Clamp(x, float32(-9), float32(0))), float32(0.1))))
		oracle(t, "LeakyRelu", attr{"alpha": 0.1}, in(x), y, err)
	})
}
