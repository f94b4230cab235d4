package op

import "fmt"

// constant reads a tensor, a number or a list of numbers.
func constant(n *Node) error {
	if err := n.takes(0, 0); err != nil {
		return err
	}
	if len(n.Attributes) != 1 {
		return fmt.Errorf("%w: %d attributes, want one with its value", ErrMalformed, len(n.Attributes))
	}
	c := &Constant{}
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
		c.Integer, c.ints = true, []int64{a.Int}
	case a.Name == "value_ints":
		c.Integer, c.ints, c.Dims = true, a.Ints, []int64{int64(len(a.Ints))}
	default:
		return fmt.Errorf("attribute %.80q: %w: value, value_float(s) and value_int(s) are", a.Name, ErrUnsupported)
	}
	return n.known(c)
}
