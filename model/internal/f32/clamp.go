package f32

import "math"

// Clamp bounds every result of a product: the activation that costs nothing.
// Beware of its zero value, which lets nothing but 0 through; NaN passes.
type Clamp struct{ Min, Max float32 }

// The clamps that networks use.
var (
	Linear = Clamp{float32(math.Inf(-1)), float32(math.Inf(1))}
	ReLU   = Clamp{0, float32(math.Inf(1))}
	ReLU6  = Clamp{0, 6}
)

func (c Clamp) of(v float32) float32 {
	if v < c.Min {
		return c.Min
	}
	if v > c.Max {
		return c.Max
	}
	return v
}

// fill sets y to the bounded bias: what a product over no columns leaves.
func (c Clamp) fill(y, bias []float32) {
	for i := range y {
		y[i] = 0
		if bias != nil {
			y[i] = bias[i]
		}
		y[i] = c.of(y[i])
	}
}
