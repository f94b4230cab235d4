package op

import (
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"
)

func TestLRNByHand(t *testing.T) {
	x := of(dims(1, 3, 1), 1, 2, 3)
	checkByHand(t, map[string]byHand{
		"two channels": {"LRN", attr{"size": 2, "alpha": 2.0, "beta": 1.0, "bias": 1.0}, in(x), []float32{1. / 6, 2. / 14, 3. / 10}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{
		"no size":     node("LRN", nil, x),
		"no channels": node("LRN", attr{"size": 1}, of(dims(1, 3), 1, 2, 3)),
	})
}

// Of one channel it is x / (1 + alpha x²).
func TestLRNAgainstOracle(t *testing.T) {
	forSeeds(t, func(t *testing.T, r *rand.Rand) {
		x := random(r, drawn(r, 4)...)
		squares, err := tensor.Square(x)
		if err != nil {
			t.Fatal(err)
		}
		base, err := tensor.Add(squares, float32(1))
		if err != nil {
			t.Fatal(err)
		}
		y, err := tensor.Div(x, base)
		oracle(t, "LRN", attr{"size": 1, "alpha": 1.0, "beta": 1.0}, in(x), y, err)
	})
}
