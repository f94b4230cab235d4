package op

import (
	"fmt"

	"tandem/model/internal/onnx"
)

// cast turns the elements into another type: they lose what it does not hold.
func cast(n *Node) error {
	to, err := n.castTo()
	if err != nil {
		return err
	}
	return n.turn(to)
}

// castLike turns the elements of the first input into the type of the second
// one.
func castLike(n *Node) error {
	if err := n.takes(2, 2); err != nil {
		return err
	}
	return n.turn(n.holds(1))
}

func (n *Node) castTo() (onnx.DataType, error) {
	if err := n.takes(1, 1); err != nil {
		return 0, err
	}
	a := n.Attribute("to")
	if a == nil {
		return 0, fmt.Errorf("%w: it does not say to which type", ErrMalformed)
	}
	if a.Type == onnx.AttributeString {
		return onnx.TypeCalled(a.String), nil
	}
	return onnx.DataType(a.Int), nil
}

// turn gives input 0, an activation, as another type.
func (n *Node) turn(to onnx.DataType) error {
	shape, err := n.activation(0)
	if err != nil {
		return err
	}
	if !to.Readable() {
		return fmt.Errorf("an activation to %v: %w: numbers and truth values are", to, ErrUnsupported)
	}
	switch from := n.holds(0); {
	case from == to:
		return n.same(0)
	case holdsAll(to, from):
		return n.typed(to, n.give(reshapeOp{name: fmt.Sprint("cast to ", to), to: shape}, shape, 0))
	}
	return n.typed(to, n.give(curve{name: fmt.Sprint("cast to ", to), of: func(y, x []float32) {
		for i, v := range x {
			y[i] = to.Nearest(v)
		}
	}}, shape, 0))
}

// holdsAll says that every number of a type is one of another, in the float32 in
// which both are computed.
func holdsAll(to, from onnx.DataType) bool {
	switch to {
	case onnx.Float32, onnx.Float64:
		return true
	case onnx.Int64, onnx.Int32:
		switch from {
		case onnx.Bool, onnx.Int4, onnx.Uint4, onnx.Int8, onnx.Uint8, onnx.Int16, onnx.Uint16:
			return true
		case onnx.Int32:
			return to == onnx.Int64
		}
	}
	return from == onnx.Bool
}

// foldCast turns a constant. Weights stay in the file where nothing is lost.
func foldCast(n *Node) error {
	to, err := n.castTo()
	if err != nil {
		return err
	}
	return n.turnConstant(to)
}

func foldCastLike(n *Node) error {
	if err := n.takes(2, 2); err != nil {
		return err
	}
	return n.turnConstant(n.holds(1))
}

func (n *Node) turnConstant(to onnx.DataType) error {
	c := n.In[0].Constant
	if !to.Readable() || !c.Type.Readable() {
		return fmt.Errorf("from %v to %v: %w: numbers and truth values are", c.Type, to, ErrUnsupported)
	}
	if to == c.Type || !to.Integer() && c.file != nil && holdsAll(to, c.Type) {
		turned := *c
		turned.Type = to
		return n.known(&turned)
	}
	if err := c.know(n.Budget); err != nil {
		return err
	}
	if err := n.Budget.spend(8 * (c.volume() + 8)); err != nil {
		return err
	}
	turned := &Constant{Dims: c.Dims, Type: to}
	switch {
	case to.Integer() && c.Type.Integer():
		for _, v := range c.ints {
			turned.ints = append(turned.ints, to.Wrap(v))
		}
	case to.Integer():
		for _, v := range c.reals {
			turned.ints = append(turned.ints, to.Truncated(v))
		}
	case c.Type.Integer():
		for _, v := range c.ints {
			turned.reals = append(turned.reals, to.Nearest(float32(v)))
		}
	default:
		for _, v := range c.reals {
			turned.reals = append(turned.reals, to.Nearest(v))
		}
	}
	return n.known(turned)
}
