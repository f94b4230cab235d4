package op

import "slices"

// matMul reads Y = A B, where A is the activation.
func matMul(n *Node) error {
	if err := n.takes(2, 2); err != nil {
		return err
	}
	shape, err := n.activation(0)
	if err != nil {
		return err
	}
	d, _, err := n.dense(shape, true)
	if err != nil {
		return err
	}
	to := slices.Clone(shape)
	to[len(to)-1] = d.out
	return n.give(d, to, 0)
}
