package op

import (
	"math"
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

// Of several channels and samples, and planes of more than a block.
func TestLRNAgainstDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const channels, plane = 7, 41 * 33
	for size := 1; size < 9; size++ {
		x := random(r, 2, channels, 41, 33)
		want := make([]float32, x.Size())
		for i, v := range x.Float32s() {
			c, sum := i/plane%channels, 0.0
			for n := max(0, c-(size-1)/2); n <= min(channels-1, c+size/2); n++ {
				v := float64(x.Float32s()[i+(n-c)*plane])
				sum += v * v
			}
			want[i] = float32(float64(v) / math.Pow(2+0.5/float64(size)*sum, 0.75))
		}
		alike(t, "LRN", compute(t, "LRN", attr{"size": size, "alpha": 0.5, "beta": 0.75, "bias": 2.0}, x), want, 1e-6)
	}
}
