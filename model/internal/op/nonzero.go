package op

import (
	"fmt"

	"tandem/model/internal/onnx"
)

// nonZero lists where a constant is not 0: a row of indices for each dimension.
// How many there are in a frame would depend on the frame.
func nonZero(n *Node) error {
	if err := n.takes(1, 1); err != nil {
		return err
	}
	c, shape, err := n.small(0)
	if err != nil {
		return err
	}
	var places []int
	for i := range Volume(shape) {
		if c.Type.Integer() && c.ints[i] != 0 || !c.Type.Integer() && c.reals[i] != 0 {
			places = append(places, i)
		}
	}
	count := len(places) * len(shape)
	if err := n.Budget.spend(8 * int64(count+8)); err != nil {
		return err
	}
	if count == 0 {
		return fmt.Errorf("it finds nothing: %w: the result would be empty", ErrUnsupported)
	}
	y := &Constant{Type: onnx.Int64, Dims: wide([]int{len(shape), len(places)})}
	for k, step := range rowMajor(shape).Strides() {
		for _, at := range places {
			y.ints = append(y.ints, int64(at/step%shape[k]))
		}
	}
	return n.known(y)
}
