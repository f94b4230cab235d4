package op

import "tandem/model/internal/f32"

// swish is x sigmoid(alpha x), with alpha 1 the SiLU: Ramachandran et al. 2017.
func swish(n *Node) error { return n.each(inVectors("swish", f32.Swish(n.Float("alpha", 1)))) }
