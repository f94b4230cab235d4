package op

import "math"

// sigmoid is 1 / (1 + exp(-x)).
func sigmoid(n *Node) error {
	return n.each(curve{name: "sigmoid", of: func(y, x []float32) {
		for i, v := range x {
			y[i] = float32(1 / (1 + math.Exp(-float64(v))))
		}
	}})
}
