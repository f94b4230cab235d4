package op

import (
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"
)

func TestSoftmaxByHand(t *testing.T) {
	ln := func(v float64) float32 { return float32(math.Log(v)) }
	checkByHand(t, map[string]byHand{
		"one row":       {"Softmax", nil, in(of(dims(3), 0, ln(2), ln(5))), []float32{0.125, 0.25, 0.625}},
		"large":         {"Softmax", nil, in(of(dims(2), 3e38, -3e38)), []float32{1, 0}},
		"rows":          {"Softmax", nil, in(of(dims(2, 2), 1, 1, 5, 5)), []float32{0.5, 0.5, 0.5, 0.5}},
		"over channels": {"Softmax", attr{"axis": 1}, in(of(dims(1, 2, 2), 0, 5, ln(3), 5)), []float32{0.25, 0.5, 0.75, 0.5}},
		"before 13":     {"Softmax", attr{"opset": 11}, in(of(dims(1, 2, 1), 1, 2)), []float32{0.26894143, 0.7310586}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{"axis": node("Softmax", attr{"axis": 2}, of(dims(1, 2), 1, 2))})
}

func TestSoftmaxAgainstOracle(t *testing.T) {
	forSeeds(t, func(t *testing.T, r *rand.Rand) {
		x := random(r, drawn(r, 2+r.IntN(3))...)
		axis := 1 + r.IntN(x.Dims()-1)
		y, err := tensor.SoftMax(x.Clone().(*tensor.Dense), axis)
		oracle(t, "Softmax", attr{"axis": axis}, in(x), y, err)
	})
}
