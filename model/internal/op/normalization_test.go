package op

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestNormalizationsByHand(t *testing.T) {
	x := of(dims(1, 2, 2), 1, 3, 10, 30)
	exact := attr{"epsilon": 0.0}
	checkByHand(t, map[string]byHand{
		"layer":                {"LayerNormalization", exact, in(x, reals(dims(2), 1, 2), reals(dims(2), 0, 5)), []float32{-1, 7, -1, 7}},
		"layer, no bias":       {"LayerNormalization", exact, in(x, reals(dims(2), 1, 2)), []float32{-1, 2, -1, 2}},
		"layer, activations":   {"LayerNormalization", exact, in(x, of(dims(2), 1, 2), of(dims(2), 0, 5)), []float32{-1, 7, -1, 7}},
		"layer, its mean":      {"LayerNormalization", attr{"epsilon": 0.0, "outputs": 2}, in(x, reals(dims(2), 1, 2)), []float32{2, 20}},
		"layer, its deviation": {"LayerNormalization", attr{"epsilon": 0.0, "outputs": 3}, in(x, reals(dims(2), 1, 2)), []float32{1, 0.1}},
		"instance":             {"InstanceNormalization", exact, in(x, reals(dims(2), 1, 2), reals(dims(2), 0, 5)), []float32{-1, 1, 3, 7}},
		"group, by channel":    {"GroupNormalization", attr{"opset": 21, "epsilon": 0.0, "num_groups": 2}, in(x, reals(dims(2), 1, 2), reals(dims(2), 0, 5)), []float32{-1, 1, 3, 7}},
		"group, by group":      {"GroupNormalization", attr{"opset": 18, "epsilon": 0.0, "num_groups": 1}, in(of(dims(1, 2, 1), 1, 3), reals(dims(1), 2), reals(dims(1), 1)), []float32{-1, 3}},
		"rms":                  {"RMSNormalization", attr{"epsilon": 0.0}, in(of(dims(1, 2), 3, -3), reals(dims(2), 1, 2)), []float32{1, -2}},
		"mean and variance":    {"MeanVarianceNormalization", nil, in(of(dims(1, 2, 1, 2), 1, 3, 10, 30)), []float32{-1, 1, -1, 1}},
		"l1":                   {"LpNormalization", attr{"p": 1}, in(of(dims(1, 2), -1, 3)), []float32{-0.25, 0.75}},
		"l2":                   {"LpNormalization", attr{"axis": 1}, in(of(dims(1, 2, 1), -3, 4)), []float32{-0.6, 0.8}},
		"zeros":                {"LpNormalization", nil, in(of(dims(1, 2), 0, 0)), []float32{0, 0}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{
		"groups": node("GroupNormalization", attr{"num_groups": 3}, x, reals(dims(2), 1, 2), reals(dims(2), 0, 5)),
		"planes": node("InstanceNormalization", nil, of(dims(1, 2), 1, 2), reals(dims(2), 1, 2), reals(dims(2), 0, 5)),
	})
	checkRefused(t, ErrUnsupported, map[string]*Node{"p": node("LpNormalization", attr{"p": 3}, x)})
}

// What is normalised has mean 0 and variance 1.
func TestNormalizationsHoldWhatTheySay(t *testing.T) {
	forSeeds(t, func(t *testing.T, r *rand.Rand) {
		shape := []int{1, 4, 2 + r.IntN(5), 2 + r.IntN(5)}
		x := random(r, shape...)
		one := reals(dims(1), 1)
		for name, size := range map[string]int{"LayerNormalization": shape[3], "InstanceNormalization": shape[2] * shape[3], "GroupNormalization": 2 * shape[2] * shape[3]} {
			y := compute(t, name, attr{"opset": 21, "num_groups": 2, "epsilon": 1e-12}, x, one, reals(dims(1), 0)).Float32s()
			for len(y) > 0 {
				mean, squares := 0.0, 0.0
				for _, v := range y[:size] {
					mean += float64(v) / float64(size)
					squares += float64(v) * float64(v) / float64(size)
				}
				if math.Abs(mean) > 1e-5 || math.Abs(squares-1) > 0.01 {
					t.Fatalf("%s: mean %g, variance %g", name, mean, squares)
				}
				y = y[size:]
			}
		}
	})
}
