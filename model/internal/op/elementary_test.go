package op

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"
)

func TestCurvesOfAnalysisByHand(t *testing.T) {
	x := of(dims(1, 4), -2, -0.5, 0, 3)
	half := of(dims(1, 5), -2.5, -0.5, 0.5, 1.5, 2.6)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	special := of(dims(1, 4), nan, inf, -inf, 1)
	e := func(v float64) float32 { return float32(math.Exp(v)) }
	checkByHand(t, map[string]byHand{
		"exp":         {"Exp", nil, in(x), []float32{e(-2), e(-0.5), 1, e(3)}},
		"neg":         {"Neg", nil, in(x), []float32{2, 0.5, 0, -3}},
		"abs":         {"Abs", nil, in(x), []float32{2, 0.5, 0, 3}},
		"sign":        {"Sign", nil, in(x), []float32{-1, -1, 0, 1}},
		"reciprocal":  {"Reciprocal", nil, in(of(dims(2), 2, -4)), []float32{0.5, -0.25}},
		"sqrt":        {"Sqrt", nil, in(of(dims(2), 4, 9)), []float32{2, 3}},
		"log":         {"Log", nil, in(of(dims(2), 1, e(2))), []float32{0, 2}},
		"erf":         {"Erf", nil, in(of(dims(3), -1, 0, 1)), []float32{-0.84270079, 0, 0.84270079}},
		"round":       {"Round", nil, in(half), []float32{-2, 0, 0, 2, 3}},
		"floor":       {"Floor", nil, in(half), []float32{-3, -1, 0, 1, 2}},
		"ceil":        {"Ceil", nil, in(half), []float32{-2, 0, 1, 2, 3}},
		"sin":         {"Sin", nil, in(of(dims(2), 0, math.Pi/2)), []float32{0, 1}},
		"atanh":       {"Atanh", nil, in(of(dims(2), 0, 0.5)), []float32{0, 0.54930614}},
		"is nan":      {"IsNaN", nil, in(special), []float32{1, 0, 0, 0}},
		"is inf":      {"IsInf", nil, in(special), []float32{0, 1, 1, 0}},
		"is -inf":     {"IsInf", attr{"detect_positive": 0}, in(special), []float32{0, 0, 1, 0}},
		"not":         {"Not", nil, in(of(dims(2), 0, 1)), []float32{1, 0}},
		"elu":         {"Elu", attr{"alpha": 2.0}, in(x), []float32{2 * (e(-2) - 1), 2 * (e(-0.5) - 1), 0, 3}},
		"celu":        {"Celu", attr{"alpha": 2.0}, in(x), []float32{2 * (e(-1) - 1), 2 * (e(-0.25) - 1), 0, 3}},
		"selu":        {"Selu", nil, in(x), []float32{1.7580993 * (e(-2) - 1), 1.7580993 * (e(-0.5) - 1), 0, 3.152103}},
		"thresholded": {"ThresholdedRelu", attr{"alpha": 2.0}, in(x), []float32{0, 0, 0, 3}},
		"shrink":      {"Shrink", attr{"bias": 1.0, "lambd": 1.0}, in(x), []float32{-1, 0, 0, 2}},
		"softplus":    {"Softplus", nil, in(of(dims(3), 0, 100, -100)), []float32{0.6931472, 100, 0}},
		"softsign":    {"Softsign", nil, in(x), []float32{-2. / 3, -1. / 3, 0, 0.75}},
		"swish":       {"Swish", attr{"alpha": 2.0}, in(x), []float32{-2 / (1 + e(4)), -0.5 / (1 + e(1)), 0, 3 / (1 + e(-6))}},
		"mish":        {"Mish", nil, in(of(dims(2), 0, 1)), []float32{0, 0.86509839}},
		"gelu":        {"Gelu", nil, in(of(dims(3), -1, 0, 1)), []float32{-0.15865525, 0, 0.84134475}},
		"gelu, tanh":  {"Gelu", attr{"approximate": "tanh"}, in(of(dims(3), -1, 0, 1)), []float32{-0.15880801, 0, 0.84119199}},
		"prelu":       {"PRelu", nil, in(x, reals(dims(1), 0.5)), []float32{-1, -0.25, 0, 3}},
		"prelus":      {"PRelu", nil, in(of(dims(1, 2, 2), -1, 1, -1, 1), weights(dims(2, 1), 2, 3)), []float32{-2, 1, -3, 1}},
		"pow":         {"Pow", nil, in(of(dims(3), 1, 2, 3), reals(nil, 2)), []float32{1, 4, 9}},
	})
	checkRefused(t, ErrUnsupported, map[string]*Node{"gelu": node("Gelu", attr{"approximate": "sin"}, x)})
}

func TestCurvesOfAnalysisAgainstOracle(t *testing.T) {
	forSeeds(t, func(t *testing.T, r *rand.Rand) {
		x := random(r, drawn(r, 3)...)
		for name, of := range map[string]func(a tensor.Tensor, opts ...tensor.FuncOpt) (tensor.Tensor, error){
			"Exp": tensor.Exp, "Neg": tensor.Neg, "Abs": tensor.Abs, "Sign": tensor.Sign, "Reciprocal": tensor.Inv,
		} {
			y, err := of(x)
			oracle(t, name, nil, in(x), y, err)
		}
	})
}
