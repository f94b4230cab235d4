package op

import "tandem/model/internal/f32"

// leakyRelu is x where it is positive, and alpha x elsewhere.
func leakyRelu(n *Node) error {
	return n.each(inVectors("leaky relu", f32.Leaky(n.Float("alpha", 0.01))))
}
