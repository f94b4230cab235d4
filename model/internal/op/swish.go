package op

import "math"

// swish is x sigmoid(alpha x), with alpha 1 the SiLU: Ramachandran et al. 2017.
func swish(n *Node) error {
	alpha := float64(n.Float("alpha", 1))
	return n.curve("swish", func(x float64) float64 { return x / (1 + math.Exp(-alpha*x)) })
}

// mish is x tanh(softplus(x)): Misra 2019.
func mish(x float64) float64 { return x * math.Tanh(softplus(x)) }
