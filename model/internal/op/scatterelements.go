package op

import (
	"fmt"

	"gorgonia.org/tensor"
)

// scatterElements is a tensor with some elements replaced: y[index[i][j]][j] =
// update[i][j] along the first dimension, or combined with what is there.
func scatterElements(n *Node) error {
	if err := n.takes(3, 3); err != nil {
		return err
	}
	a, err := n.elementwise(1)
	if err != nil {
		return err
	}
	index, _ := n.dims(1)
	updates, err := n.dims(2)
	if err != nil {
		return err
	}
	if Volume(index) != Volume(updates) {
		return fmt.Errorf("%w: indices of shape %v and updates of shape %v", ErrMalformed, index, updates)
	}
	by, err := n.reduction()
	if err != nil {
		return err
	}
	shape, _ := n.dims(0)
	return n.combine(scatterElementsOp{axis: a, by: by}, shape, 0, 1, 2)
}

// reduction reads what a scatter does with an element and an update.
func (n *Node) reduction() (func(y, v float32) float32, error) {
	switch r := n.word("reduction", "none"); r {
	case "none":
		return func(_, v float32) float32 { return v }, nil
	case "add":
		return func(y, v float32) float32 { return y + v }, nil
	case "mul":
		return func(y, v float32) float32 { return y * v }, nil
	case "max":
		return func(y, v float32) float32 { return max(y, v) }, nil
	case "min":
		return func(y, v float32) float32 { return min(y, v) }, nil
	default:
		return nil, fmt.Errorf("%w: reduction %.20q, want none, add, mul, max or min", ErrMalformed, r)
	}
}

type scatterElementsOp struct {
	weightless
	axis int
	by   func(y, v float32) float32
}

func (l scatterElementsOp) Load() (Kernel, error) { return l, nil }
func (l scatterElementsOp) String() string        { return "scatter elements" }

func (l scatterElementsOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	z, updates := y.Float32s(), xs[2].Float32s()
	copy(z, xs[0].Float32s())
	for i, v := range xs[1].Float32s() {
		at, err := elementAt(xs[0].Info(), xs[1].Info(), l.axis, i, v)
		if err != nil {
			return err
		}
		z[at] = l.by(z[at], updates[i])
	}
	return nil
}
