package op

import (
	"fmt"
	"slices"

	"tandem/model/internal/onnx"
)

// constantOfShape repeats one number.
func constantOfShape(n *Node) error {
	if err := n.takes(1, 1); err != nil {
		return err
	}
	if !n.holds(0).Integer() {
		return fmt.Errorf("%w: its shape is no integers", ErrMalformed)
	}
	sizes, err := n.ints(0, "")
	if to := n.declared(0); err != nil && to != nil {
		sizes, err = wide(to), nil
	}
	if err != nil {
		return err
	}
	of := &Constant{Type: onnx.Float32, reals: []float32{0}}
	if a := n.Attribute("value"); a != nil && a.Tensor != nil {
		var err error
		if of, err = Hold("", a.Tensor, n.Budget); err != nil {
			return err
		}
		if err = of.know(n.Budget); err != nil || of.volume() != 1 {
			return fmt.Errorf("%w: its value has the shape %d, want one number (%v)", ErrMalformed, of.Dims, err)
		}
	}
	shape, err := fewDims(sizes)
	if err != nil {
		return err
	}
	if err := n.Budget.spend(8 * int64(Volume(shape)+8)); err != nil {
		return err
	}
	to := &Constant{Type: of.Type, Dims: wide(shape)}
	if of.Type.Integer() {
		to.ints = slices.Repeat(of.ints, Volume(shape))
	} else {
		to.reals = slices.Repeat(of.reals, Volume(shape))
	}
	return n.known(to)
}

func needsConstants(*Node) error {
	return fmt.Errorf("its input depends on the frame: %w: shapes are fixed here", ErrUnsupported)
}
