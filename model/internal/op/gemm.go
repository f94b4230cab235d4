package op

import "fmt"

// gemm reads Y = alpha A B' + beta C, where A is the activation.
func gemm(n *Node) error {
	if err := n.takes(2, 3); err != nil {
		return err
	}
	shape, err := n.activation(0)
	if err != nil {
		return err
	}
	if len(shape) != 2 || n.Int("transA", 0) != 0 && Volume(shape) != 1 {
		return fmt.Errorf("its first matrix has the shape %v, transA %d: %w: two dimensions are wanted, the batch in front, and transA 0",
			shape, n.Int("transA", 0), ErrUnsupported)
	}
	d, from, err := n.dense(shape, n.Int("transB", 0) == 0)
	if err != nil {
		return err
	}
	from.alpha = n.Float("alpha", 1)
	c, err := n.weights(2)
	if err != nil {
		return err
	}
	if c != nil {
		if !c.perChannel(2, 1, d.out) {
			return fmt.Errorf("%w: bias %.80q of shape %d for %d outputs", ErrMalformed, c.Name, c.Dims, d.out)
		}
		d.append(scaling{shift: c, times: n.Float("beta", 1)})
	}
	return n.give(d, []int{shape[0], d.out}, 0)
}
