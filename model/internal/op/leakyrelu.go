package op

// leakyRelu is x where it is positive, and alpha x elsewhere.
func leakyRelu(n *Node) error {
	alpha := n.Float("alpha", 0.01)
	return n.each(curve{name: "leaky relu", of: func(y, x []float32) {
		for i, v := range x {
			if v < 0 {
				v *= alpha
			}
			y[i] = v
		}
	}})
}
