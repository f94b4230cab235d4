package op

import (
	"fmt"

	"gorgonia.org/tensor"
)

// transpose gives the dimensions another order.
func transpose(n *Node) error {
	from, err := n.only()
	if err != nil {
		return err
	}
	order, err := permutation(n, len(from))
	if err != nil {
		return err
	}
	return n.give(transposeOp{order: order}, permuted(from, order), 0)
}

// permutation reads perm, which is reversed when left out.
func permutation(n *Node, rank int) ([]int, error) {
	order := make([]int, rank)
	a := n.Attribute("perm")
	if a == nil {
		for i := range order {
			order[i] = rank - 1 - i
		}
		return order, nil
	}
	if _, err := axes(a.Ints, rank); err != nil || len(a.Ints) != rank {
		return nil, fmt.Errorf("%w: perm %d of %d dimensions", ErrMalformed, a.Ints, rank)
	}
	for i, o := range a.Ints {
		order[i], _ = axis(o, rank)
	}
	return order, nil
}

func permuted[T any](dims []T, order []int) []T {
	to := make([]T, len(dims))
	for i, o := range order {
		to[i] = dims[o]
	}
	return to
}

// foldTranspose leaves weights in the file, and notes in which order they are.
func foldTranspose(n *Node) error {
	if err := n.takes(1, 1); err != nil {
		return err
	}
	c := n.In[0].Constant
	from, err := fewDims(c.Dims)
	if err != nil {
		return err
	}
	order, err := permutation(n, len(from))
	if err != nil {
		return err
	}
	if c.file != nil && c.order == nil && sameDims(c.Dims, c.file.Dims) {
		turned := *c
		if !ordered(order) {
			turned.order, turned.Dims = order, permuted(c.Dims, order)
		}
		return n.known(&turned)
	}
	return n.fold(Operator{Read: transpose})
}

func sameDims(a, b []int64) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

// ordered says that an order changes nothing.
func ordered(order []int) bool {
	for i, o := range order {
		if i != o {
			return false
		}
	}
	return true
}

// transposeOp makes dimension i of its result dimension order[i] of its input.
type transposeOp struct {
	weightless
	order []int
}

func (l transposeOp) Strided()              {}
func (l transposeOp) Moves() bool           { return true }
func (l transposeOp) String() string        { return fmt.Sprintf("transpose %v", l.order) }
func (l transposeOp) Load() (Kernel, error) { return l, nil }

func (l transposeOp) View(x *tensor.AP) (*tensor.AP, int, bool) {
	return pattern(permuted(x.Shape(), l.order), permuted(x.Strides(), l.order)), 0, true
}

func (l transposeOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	rearrange(y.Float32s(), xs[0].Float32s(), turning(y.Info(), xs[0].Info(), l.order))
	return nil
}

// turning is the walk over y and what is there in x.
func turning(y, x *tensor.AP, order []int) (w walk) {
	for i, o := range order {
		w.add(y.Shape()[i], moves{y.Strides()[i], x.Strides()[o]})
	}
	return w
}
