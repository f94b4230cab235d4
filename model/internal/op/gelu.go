package op

import (
	"fmt"
	"math"
)

// gelu is x times the probability that a normal variable is below x: Hendrycks
// and Gimpel 2016.
func gelu(n *Node) error {
	switch how := n.word("approximate", "none"); how {
	case "none":
		return n.curve("gelu", func(x float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) })
	case "tanh":
		by := math.Sqrt(2 / math.Pi)
		return n.curve("gelu", func(x float64) float64 { return x / 2 * (1 + math.Tanh(by*(x+0.044715*x*x*x))) })
	default:
		return fmt.Errorf("approximate %.20q: %w: none and tanh are", how, ErrUnsupported)
	}
}
