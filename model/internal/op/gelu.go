package op

import (
	"fmt"

	"tandem/model/internal/f32"
)

// gelu is x times the probability that a normal variable is below x: Hendrycks
// and Gimpel 2016.
func gelu(n *Node) error {
	switch how := n.word("approximate", "none"); how {
	case "none":
		return n.each(inVectors("gelu", f32.Gelu))
	case "tanh":
		return n.each(inVectors("gelu", f32.GeluTanh))
	default:
		return fmt.Errorf("approximate %.20q: %w: none and tanh are", how, ErrUnsupported)
	}
}
