package op

import (
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"
)

func TestBatchNormalizationByHand(t *testing.T) {
	x := of(dims(1, 2, 1, 2), 1, 2, 3, 4)
	gamma, beta, mu, variance := reals(dims(2), 1, 2), reals(dims(2), 0, 1), reals(dims(2), 1, 3), reals(dims(2), 1, 4)
	checkByHand(t, map[string]byHand{
		"two channels": {"BatchNormalization", attr{"epsilon": 0.0}, in(x, gamma, beta, mu, variance), []float32{0, 1, 1, 2}},
		"no planes":    {"BatchNormalization", attr{"epsilon": 0.0}, in(of(dims(3, 2), 1, 2, 3, 4, 5, 7), gamma, beta, mu, variance), []float32{0, 0, 2, 2, 4, 5}},
	})
	checkRefused(t, ErrUnsupported, map[string]*Node{
		"in training": node("BatchNormalization", attr{"training_mode": 1}, x, gamma, beta, mu, variance),
	})
	checkRefused(t, ErrMalformed, map[string]*Node{
		"epsilon":     node("BatchNormalization", attr{"epsilon": -1.0}, x, gamma, beta, mu, variance),
		"no channels": node("BatchNormalization", nil, of(dims(2), 1, 2), gamma, beta, mu, variance),
		"channels":    node("BatchNormalization", nil, x, reals(dims(3), 1, 2, 3), beta, mu, variance),
	})
}

// On one channel it is gamma (x - mean) / sqrt(variance + epsilon) + beta.
func TestBatchNormalizationAgainstOracle(t *testing.T) {
	forSeeds(t, func(t *testing.T, r *rand.Rand) {
		x := random(r, 1, 1, 1+r.IntN(9), 1+r.IntN(9))
		of := func(v float32) *Constant { return weights(dims(1), v) }
		const gamma, beta, mu, variance, epsilon = 1.5, -0.25, 0.75, 2, 0.5
		root, err := tensor.Sqrt(over([]float32{variance + epsilon}, dims(1)))
		if err != nil {
			t.Fatal(err)
		}
		y, err := tensor.Sub(x, float32(mu))
		if err == nil {
			y, err = tensor.Mul(y, gamma/elementsOf(root.(*tensor.Dense))[0])
		}
		if err == nil {
			y, err = tensor.Add(y, float32(beta))
		}
		oracle(t, "BatchNormalization", attr{"epsilon": epsilon}, in(x, of(gamma), of(beta), of(mu), of(variance)), y, err)
	})
}

// Statistics may come with the frame, and there may be several samples.
func TestBatchNormalizationOfTheFrame(t *testing.T) {
	x := of(dims(2, 2, 1), 1, 2, 3, 4)
	gamma, beta, mean, variance := of(dims(2), 1, 2), of(dims(2), 0, 1), of(dims(2), 1, 2), of(dims(2), 1, 4)
	exact := attr{"epsilon": 0.0}
	known := func(x *tensor.Dense) *Constant { return reals(x.Shape(), x.Float32s()...) }
	checkByHand(t, map[string]byHand{
		"of the frame": {"BatchNormalization", exact, in(x, gamma, beta, mean, variance), []float32{0, 1, 2, 3}},
		"in part":      {"BatchNormalization", exact, in(x, known(gamma), beta, known(mean), known(variance)), []float32{0, 1, 2, 3}},
		"constants":    {"BatchNormalization", exact, in(x, known(gamma), known(beta), known(mean), known(variance)), []float32{0, 1, 2, 3}},
		"version 6":    {"BatchNormalization", attr{"epsilon": 0.0, "opset": 6, "is_test": 1}, in(x, known(gamma), known(beta), known(mean), known(variance)), []float32{0, 1, 2, 3}},
	})
	checkRefused(t, ErrUnsupported, map[string]*Node{
		"training": node("BatchNormalization", attr{"opset": 6}, x, known(gamma), known(beta), known(mean), known(variance)),
	})
}
