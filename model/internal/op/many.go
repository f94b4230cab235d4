package op

import (
	"fmt"
	"math"

	"tandem/model/internal/f32"

	"gorgonia.org/tensor"
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
	for i := range n.In {
		if !n.has(i) {
			return fmt.Errorf("%w: input %d is missing", ErrMalformed, i)
		}
	}
	held, shapes, from, err := n.operands(0, len(n.In))
	if err != nil {
		return err
	}
	to := shapes[0]
	for _, s := range shapes[1:] {
		if to, err = broadcast(to, s); err != nil {
			return err
		}
	}
	o := &manyOp{operands: held, of: of, divisor: 1}
	if mean {
		o.divisor = len(n.In)
	}
	return n.give(o, to, from...)
}

// manyOp adds up many tensors, or takes the least or the largest of them.
type manyOp struct {
	operands
	of      *binary
	divisor int
}

func (l *manyOp) Strided()       {}
func (l *manyOp) Bounded()       {}
func (l *manyOp) Work() int64    { return 0 }
func (l *manyOp) String() string { return fmt.Sprintf("%s of %d", l.of.name, len(l.operands)) }

func (l *manyOp) Load() (Kernel, error) {
	held, err := l.load()
	return &manyKernel{l, held}, err
}

type manyKernel struct {
	*manyOp
	held loaded
}

func (k *manyKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error {
	all := k.held.with(xs)
	lineByLine(y, all[0].t, all[0].t, first, f32.Linear)
	for _, x := range all[1:] {
		lineByLine(y, y, x.t, k.of.line, f32.Linear)
	}
	z := y.Float32s()
	scaleBy(z, 1/float32(k.divisor))
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
