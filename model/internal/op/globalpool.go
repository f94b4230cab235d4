package op

import (
	"fmt"
	"math"
)

// globalPool reads the reduction of each plane.
func globalPool(by reduction) Operator {
	return Operator{Read: func(n *Node) error {
		shape, err := n.only()
		if err != nil {
			return err
		}
		if len(shape) < 3 {
			return fmt.Errorf("%w: nothing to pool in shape %d", ErrMalformed, shape)
		}
		over := make([]bool, len(shape))
		for i := range shape {
			over[i] = i >= 2
		}
		return n.reduce(by, shape, over, true)
	}}
}

// globalLpPool is the p-th root of the sum of the p-th powers.
func globalLpPool(n *Node) error {
	p := float64(n.Int("p", 2))
	if p < 1 {
		return fmt.Errorf("%w: p %g", ErrMalformed, p)
	}
	return globalPool(reduction{
		name: fmt.Sprintf("l%g norm", p),
		add:  func(sum, v float32) float32 { return sum + float32(math.Pow(math.Abs(float64(v)), p)) },
		done: func(v float32, _ int) float32 { return float32(math.Pow(float64(v), 1/p)) },
	}).Read(n)
}
