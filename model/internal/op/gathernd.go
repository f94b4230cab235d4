package op

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"
)

// gatherND takes parts of a tensor: the last dimension of the indices is a place
// in as many dimensions of the data, behind those of the batch.
func gatherND(n *Node) error {
	if err := n.takes(2, 2); err != nil {
		return err
	}
	shape, index, err := n.tuples()
	if err != nil {
		return err
	}
	batch := n.Int("batch_dims", 0)
	last := len(index) - 1
	if batch < 0 || batch > int64(last) || int(batch)+index[last] > len(shape) || !slices.Equal(shape[:batch], index[:batch]) {
		return fmt.Errorf("%w: indices of shape %v into shape %v, of which %d dimensions are the batch", ErrMalformed, index, shape, batch)
	}
	to := slices.Concat(index[:last], shape[int(batch)+index[last]:])
	return n.combine(gatherNDOp{batch: int(batch)}, to, 0, 1)
}

// tuples gives the shapes of data and of indices that are lists of places.
func (n *Node) tuples() (shape, index []int, err error) {
	if shape, err = n.dims(0); err != nil {
		return nil, nil, err
	}
	if index, err = n.dims(1); err != nil {
		return nil, nil, err
	}
	if len(index) == 0 || index[len(index)-1] < 1 || index[len(index)-1] > len(shape) || !n.holds(1).Integer() {
		return nil, nil, fmt.Errorf("%w: indices of shape %v (%v) into shape %v", ErrMalformed, index, n.holds(1), shape)
	}
	return shape, index, nil
}

type gatherNDOp struct {
	weightless
	batch int
}

func (l gatherNDOp) Moves() bool           { return true }
func (l gatherNDOp) Load() (Kernel, error) { return l, nil }
func (l gatherNDOp) String() string        { return "gather parts" }

func (l gatherNDOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, z, indices := xs[0].Float32s(), y.Float32s(), xs[1].Float32s()
	shape, index := xs[0].Shape(), xs[1].Shape()
	width := index[len(index)-1]
	unit := Volume(shape[l.batch+width:])
	batches := Volume(shape[:l.batch])
	each, frame := len(indices)/width/batches, len(x)/batches
	for i := range len(indices) / width {
		at, err := tupleAt(shape[l.batch:], indices[i*width:][:width])
		if err != nil {
			return err
		}
		copy(z[i*unit:][:unit], x[i/each*frame+at*unit:])
	}
	return nil
}

// tupleAt is the number of the part of a tensor of that shape that a list of
// indices means.
func tupleAt(shape []int, indices []float32) (at int, err error) {
	for k, v := range indices {
		i, err := place(v, shape[k])
		if err != nil {
			return 0, err
		}
		at = at*shape[k] + i
	}
	return at, nil
}
