package op

import "math"

// tanh is the hyperbolic tangent.
func tanh(n *Node) error {
	return n.each(curve{name: "tanh", of: func(y, x []float32) {
		for i, v := range x {
			y[i] = float32(math.Tanh(float64(v)))
		}
	}})
}
