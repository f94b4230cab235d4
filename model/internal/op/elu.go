package op

import (
	"math"

	"tandem/model/internal/f32"
)

// Curves that are x where it is positive, and elsewhere approach a limit.

// elu is alpha (exp(x) - 1) below 0: Clevert et al. 2015.
func elu(n *Node) error {
	return n.each(inVectors("elu", f32.Elu(1, n.Float("alpha", 1), 1)))
}

// celu is alpha (exp(x / alpha) - 1) below 0: Barron 2017.
func celu(n *Node) error {
	alpha := n.Float("alpha", 1)
	if !(alpha > 0) {
		a := float64(alpha)
		return n.curve("celu", func(x float64) float64 { return below(x, a*math.Expm1(x/a)) })
	}
	return n.each(inVectors("celu", f32.Elu(1/alpha, alpha, 1)))
}

// selu is gamma times an elu, so that activations keep mean and variance:
// Klambauer et al. 2017.
func selu(n *Node) error {
	usual := [2]float32{1.67326319217681884765625, 1.05070102214813232421875}
	if n.Opset < 6 {
		usual = [2]float32{1.6732, 1.0507}
	}
	alpha, gamma := n.Float("alpha", usual[0]), n.Float("gamma", usual[1])
	return n.each(inVectors("selu", f32.Elu(1, alpha*gamma, gamma)))
}

// below is x where it is positive, and otherwise y; NaN stays NaN.
func below(x, y float64) float64 {
	if x <= 0 {
		return y
	}
	return x
}

// thresholdedRelu is x above alpha, and 0 elsewhere.
func thresholdedRelu(n *Node) error {
	alpha := float64(n.Float("alpha", 1))
	return n.curve("thresholded relu", func(x float64) float64 {
		if x <= alpha {
			return 0
		}
		return x
	})
}

// shrink moves x towards 0 by a bias, and is 0 where it is within lambda of it.
func shrink(n *Node) error {
	bias, lambda := float64(n.Float("bias", 0)), float64(n.Float("lambd", 0.5))
	return n.curve("shrink", func(x float64) float64 {
		switch {
		case x < -lambda:
			return x + bias
		case x > lambda:
			return x - bias
		}
		return 0
	})
}
