package op

import (
	"fmt"

	"tandem/model/internal/onnx"
)

// constant reads a tensor, a number or a list of numbers.
func constant(n *Node) error {
	if err := n.takes(0, 0); err != nil {
		return err
	}
	if len(n.Attributes) != 1 {
		return fmt.Errorf("%w: %d attributes, want one with its value", ErrMalformed, len(n.Attributes))
	}
	c := &Constant{Type: onnx.Float32}
	switch a := &n.Attributes[0]; {
	case a.Name == "value" && a.Tensor != nil:
		var err error
		if c, err = Hold("", a.Tensor, n.Budget); err != nil {
			return err
		}
	case a.Name == "value_float":
		c.reals = []float32{a.Float}
	case a.Name == "value_floats":
		c.reals, c.Dims = a.Floats, []int64{int64(len(a.Floats))}
	case a.Name == "value_int":
		c.Type, c.ints = onnx.Int64, []int64{a.Int}
	case a.Name == "value_ints":
		c.Type, c.ints, c.Dims = onnx.Int64, a.Ints, []int64{int64(len(a.Ints))}
	default:
		return fmt.Errorf("attribute %.80q: %w: value, value_float(s) and value_int(s) are", a.Name, ErrUnsupported)
	}
	return n.known(c)
}
