package op

// hardSigmoid is alpha x + beta within [0, 1].
func hardSigmoid(n *Node) error {
	alpha, beta := n.Float("alpha", 0.2), n.Float("beta", 0.5)
	return n.each(curve{name: "hard sigmoid", of: func(y, x []float32) {
		for i, v := range x {
			y[i] = min(max(alpha*v+beta, 0), 1)
		}
	}})
}

// hardSwish is x hardSigmoid(x), with alpha 1/6 and beta 1/2.
func hardSwish(n *Node) error {
	return n.each(curve{name: "hard swish", of: func(y, x []float32) {
		for i, v := range x {
			y[i] = v * min(max(v/6+0.5, 0), 1)
		}
	}})
}
