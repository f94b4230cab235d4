package op

import (
	"slices"

	"tandem/model/internal/onnx"
)

// dropout is the identity when it does not train; the mask is true everywhere.
func dropout(n *Node) error {
	if err := n.takes(1, 3); err != nil {
		return err
	}
	shape, err := n.dims(0)
	if err != nil {
		return err
	}
	training, err := n.ints(2, "")
	if err != nil {
		return err
	}
	if err := n.evaluating(slices.ContainsFunc(training, func(v int64) bool { return v != 0 })); err != nil {
		return err
	}
	if err := n.same(0); err != nil || len(n.Outputs) < 2 || n.Outputs[1] == "" {
		return err
	}
	if err := n.Budget.spend(8 * int64(Volume(shape))); err != nil {
		return err
	}
	return n.known(&Constant{Type: onnx.Bool, Dims: wide(shape), ints: slices.Repeat([]int64{1}, Volume(shape))})
}
