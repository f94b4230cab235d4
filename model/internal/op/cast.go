package op

import (
	"fmt"

	"tandem/model/internal/onnx"
)

// cast to float32 does nothing to an activation, which is that already.
func cast(n *Node) error {
	if to := onnx.DataType(n.Int("to", 0)); to != onnx.Float32 {
		return fmt.Errorf("an activation to %v: %w: only float32 is computed", to, ErrUnsupported)
	}
	return identity(n)
}

// foldCast turns integers into float32, or the other way round.
func foldCast(n *Node) error {
	c, shape, err := n.small(0)
	if err != nil {
		return err
	}
	switch to := onnx.DataType(n.Int("to", 0)); {
	case to == onnx.Float32 && c.Type.Integer():
		if err := n.Budget.spend(8 * int64(Volume(shape))); err != nil {
			return err
		}
		turned := &Constant{Dims: c.Dims, Type: to}
		for _, v := range c.ints {
			turned.reals = append(turned.reals, float32(v))
		}
		return n.known(turned)
	case (to == onnx.Int32 || to == onnx.Int64) && !c.Type.Integer():
		if err := n.Budget.spend(16 * int64(Volume(shape))); err != nil {
			return err
		}
		turned := &Constant{Dims: c.Dims, Type: to}
		for _, v := range c.reals {
			turned.ints = append(turned.ints, int64(v))
		}
		return n.known(turned)
	case to == onnx.Float32 || to == onnx.Int32 || to == onnx.Int64:
		return foldIdentity(n)
	default:
		return fmt.Errorf("to %v: %w: float32, int32 and int64 are", to, ErrUnsupported)
	}
}
