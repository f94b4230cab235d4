package op

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"
)

// scatterND is a tensor with some parts replaced, or combined with what is
// there: the last dimension of the indices is a place in as many dimensions.
func scatterND(n *Node) error {
	if err := n.takes(3, 3); err != nil {
		return err
	}
	shape, index, err := n.tuples()
	if err != nil {
		return err
	}
	updates, err := n.dims(2)
	if err != nil {
		return err
	}
	last := len(index) - 1
	if want := slices.Concat(index[:last], shape[index[last]:]); !slices.Equal(updates, want) {
		return fmt.Errorf("%w: updates of shape %v for indices of shape %v into shape %v, want %v", ErrMalformed, updates, index, shape, want)
	}
	by, err := n.reduction()
	if err != nil {
		return err
	}
	return n.combine(scatterNDOp{by: by}, shape, 0, 1, 2)
}

type scatterNDOp struct {
	weightless
	by func(y, v float32) float32
}

func (l scatterNDOp) Load() (Kernel, error) { return l, nil }
func (l scatterNDOp) String() string        { return "scatter parts" }

func (l scatterNDOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	z, indices, updates := y.Float32s(), xs[1].Float32s(), xs[2].Float32s()
	copy(z, xs[0].Float32s())
	shape, index := xs[0].Shape(), xs[1].Shape()
	width := index[len(index)-1]
	unit := Volume(shape[width:])
	for i := range len(indices) / width {
		at, err := tupleAt(shape, indices[i*width:][:width])
		if err != nil {
			return err
		}
		part := z[at*unit:][:unit]
		for k, v := range updates[i*unit:][:unit] {
			part[k] = l.by(part[k], v)
		}
	}
	return nil
}
