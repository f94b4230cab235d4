package op

import (
	"fmt"

	"tandem/model/internal/onnx"
)

// eyeLike gives ones on diagonal k of a matrix that has the input's shape: a
// constant, since shapes do not depend on what is in a frame.
func eyeLike(n *Node) error {
	if err := n.takes(1, 1); err != nil {
		return err
	}
	shape, err := n.dims(0)
	if err != nil {
		return err
	}
	if len(shape) != 2 {
		return fmt.Errorf("%w: shape %v is no matrix", ErrMalformed, shape)
	}
	of := onnx.DataType(n.Int("dtype", int64(n.holds(0))))
	if !of.Readable() {
		return fmt.Errorf("of %v: %w", of, ErrUnsupported)
	}
	if err := n.Budget.spend(12 * int64(Volume(shape)+8)); err != nil {
		return err
	}
	v := make([]float32, Volume(shape))
	k := n.Int("k", 0)
	for i := range shape[0] {
		if at := int64(i) + k; at >= 0 && at < int64(shape[1]) {
			v[i*shape[1]+int(at)] = 1
		}
	}
	return n.known(numbers(of, shape, v))
}
