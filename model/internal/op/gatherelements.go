package op

import (
	"fmt"

	"gorgonia.org/tensor"
)

// gatherElements takes an element for each index, from the same place but for
// one dimension: y[i][j] = x[index[i][j]][j] along the first one.
func gatherElements(n *Node) error {
	if err := n.takes(2, 2); err != nil {
		return err
	}
	a, err := n.elementwise(1)
	if err != nil {
		return err
	}
	to, _ := n.dims(1)
	return n.combine(gatherElementsOp{axis: a}, to, 0, 1)
}

// elementwise checks the indices of a gather or scatter of single elements, and
// gives the dimension that they are for.
func (n *Node) elementwise(indices int) (int, error) {
	shape, err := n.dims(0)
	if err != nil {
		return 0, err
	}
	index, err := n.dims(indices)
	if err != nil {
		return 0, err
	}
	a, err := axis(n.Int("axis", 0), len(shape))
	if err != nil {
		return 0, err
	}
	fits := len(index) == len(shape) && n.holds(indices).Integer()
	for k := 0; fits && k < len(shape); k++ {
		fits = k == a || index[k] <= shape[k]
	}
	if !fits {
		return 0, fmt.Errorf("%w: indices of shape %v (%v) into shape %v along axis %d", ErrMalformed, index, n.holds(indices), shape, a)
	}
	return a, nil
}

type gatherElementsOp struct {
	weightless
	axis int
}

func (l gatherElementsOp) Moves() bool           { return true }
func (l gatherElementsOp) Load() (Kernel, error) { return l, nil }
func (l gatherElementsOp) String() string        { return "gather elements" }

func (l gatherElementsOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, z := xs[0].Float32s(), y.Float32s()
	for i, v := range xs[1].Float32s() {
		at, err := elementAt(xs[0].Info(), xs[1].Info(), l.axis, i, v)
		if err != nil {
			return err
		}
		z[i] = x[at]
	}
	return nil
}

// elementAt is where in x the element lies that number i of the indices means,
// which is v: where that index lies, but for one dimension.
func elementAt(x, indices *tensor.AP, axis, i int, v float32) (int, error) {
	at, err := place(v, x.Shape()[axis])
	if err != nil {
		return 0, err
	}
	at *= x.Strides()[axis]
	for k := len(x.Shape()) - 1; k >= 0; k-- {
		d := indices.Shape()[k]
		if k != axis {
			at += i % d * x.Strides()[k]
		}
		i /= d
	}
	return at, nil
}
