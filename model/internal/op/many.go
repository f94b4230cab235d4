package op

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// many reads an operator on any number of tensors, which are combined one after
// another.
func many(of *binary, mean bool) Operator {
	read := func(n *Node) error {
		switch len(n.In) {
		case 1:
			if err := n.takes(1, 1); err != nil {
				return err
			}
			return n.same(0)
		case 2:
			if !mean {
				return of.read(n)
			}
		}
		return n.many(of, mean)
	}
	return Operator{Read: read, Fold: func(n *Node) error {
		if len(n.In) == 2 && !mean {
			return of.fold(n)
		}
		return n.fold(Operator{Read: read})
	}}
}

func (n *Node) many(of *binary, mean bool) error {
	if err := n.takes(1, math.MaxInt); err != nil {
		return err
	}
	to, err := n.broadcast()
	if err != nil {
		return err
	}
	o := manyOp{of: of, count: len(n.In), divisor: 1}
	if mean {
		o.divisor = len(n.In)
	}
	all := make([]int, len(n.In))
	for i := range all {
		all[i] = i
	}
	return n.combine(o, to, all...)
}

// broadcast is the shape of the result of all inputs together.
func (n *Node) broadcast() (to []int, err error) {
	for i := range n.In {
		shape, err := n.dims(i)
		if err != nil {
			return nil, err
		}
		if to, err = broadcast(to, shape); err != nil {
			return nil, err
		}
	}
	return to, nil
}

// manyOp adds up many tensors, or takes the least or the largest of them.
type manyOp struct {
	weightless
	of             *binary
	count, divisor int
}

func (l manyOp) Strided()              {}
func (l manyOp) Bounded()              {}
func (l manyOp) Load() (Kernel, error) { return l, nil }
func (l manyOp) String() string        { return fmt.Sprintf("%s of %d", l.of.name, l.count) }

func (l manyOp) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error {
	lineByLine(y, xs[0], xs[0], first, f32.Linear)
	for _, x := range xs[1:] {
		lineByLine(y, y, x, l.of.line, f32.Linear)
	}
	z := y.Float32s()
	scaleBy(z, 1/float32(l.divisor))
	if with.Clamp != f32.Linear {
		bound(z, z, with.Clamp)
	}
	return nil
}

// first makes a line of the first of two.
func first(y, a, _ []float32, sa, _ int) {
	for i := range y {
		y[i] = a[i*sa]
	}
}
