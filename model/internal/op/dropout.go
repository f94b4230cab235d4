package op

import (
	"slices"

	"tandem/model/internal/onnx"
)

// dropout is the identity when it does not train, or when it drops nothing; the
// mask is true everywhere.
func dropout(n *Node) error {
	if err := n.takes(1, 3); err != nil {
		return err
	}
	shape, err := n.dims(0)
	if err != nil {
		return err
	}
	if err := n.drops(); err != nil {
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

// drops refuses a node that may drop something.
func (n *Node) drops() error {
	ratio := n.Float("ratio", 0.5)
	if n.has(1) && n.In[1].Constant != nil {
		var err error
		if ratio, err = n.float(1, ratio); err != nil {
			return err
		}
	}
	if ratio == 0 {
		return nil
	}
	training, err := n.ints(2, "")
	if err != nil {
		return err
	}
	return n.evaluating(slices.ContainsFunc(training, func(v int64) bool { return v != 0 }))
}
