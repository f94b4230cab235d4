package op

import "tandem/model/internal/f32"

// hardSigmoid is alpha x + beta within [0, 1].
func hardSigmoid(n *Node) error {
	alpha, beta := n.Float("alpha", 0.2), n.Float("beta", 0.5)
	return n.each(inVectors("hard sigmoid", f32.Scaled(alpha, beta, f32.Clamp{Min: 0, Max: 1})))
}

// hardSwish is x hardSigmoid(x), with alpha 1/6 and beta 1/2.
var hardSwish = inVectors("hard swish", f32.HardSwish)
