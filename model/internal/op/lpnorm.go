package op

import (
	"fmt"
	"math"
)

// lpNormalization divides by the sum of the absolute values along an axis, or by
// the root of that of the squares.
func lpNormalization(n *Node) error {
	shape, err := n.only()
	if err != nil {
		return err
	}
	a, err := axis(n.Int("axis", -1), len(shape))
	if err != nil {
		return err
	}
	l := softmaxOp{axis: a, over: shape[a]}
	switch p := n.Int("p", 2); p {
	case 1:
		l.name, l.line = "l1 norm", byNorm(math.Abs, func(sum float64) float64 { return sum })
	case 2:
		l.name, l.line = "l2 norm", byNorm(func(v float64) float64 { return v * v }, math.Sqrt)
	default:
		return fmt.Errorf("p %d: %w: 1 and 2 are", p, ErrUnsupported)
	}
	return n.give(l, shape, 0)
}

// byNorm divides every step-th element by what is made of the sum of a function
// of them; zeros stay.
func byNorm(of, root func(float64) float64) func(y, x []float32, step int) {
	return func(y, x []float32, step int) {
		sum := 0.0
		for i := 0; i < len(x); i += step {
			sum += of(float64(x[i]))
		}
		norm := root(sum)
		if norm == 0 {
			norm = 1
		}
		for i := 0; i < len(x); i += step {
			y[i] = float32(float64(x[i]) / norm)
		}
	}
}
