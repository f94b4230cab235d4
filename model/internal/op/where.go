package op

import "gorgonia.org/tensor"

// where takes each element from the first of two tensors where a condition is
// true, and from the second where it is not.
func where(n *Node) error {
	if err := n.takes(3, 3); err != nil {
		return err
	}
	held, shapes, from, err := n.operands(0, 3)
	if err != nil {
		return err
	}
	to, err := broadcast(shapes[1], shapes[2])
	if err == nil {
		to, err = broadcast(shapes[0], to)
	}
	if err != nil {
		return err
	}
	return n.typed(n.holds(1), n.give(&whereOp{held}, to, from...))
}

type whereOp struct{ operands }

func (l *whereOp) InPlace()       {}
func (l *whereOp) Strided()       {}
func (l *whereOp) Work() int64    { return 0 }
func (l *whereOp) String() string { return "where" }

func (l *whereOp) Load() (Kernel, error) {
	held, err := l.load()
	return &whereKernel{held}, err
}

type whereKernel struct{ held loaded }

func (k *whereKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	all := k.held.with(xs)
	z, is, a, b := y.Float32s(), all[0].t.Float32s(), all[1].t.Float32s(), all[2].t.Float32s()
	w := together(y.Info(), all[0].t.Info(), all[1].t.Info(), all[2].t.Info())
	n, move := w.inner()
	for at := (moves{}); ; {
		for i := range n {
			from, by, place := a, move[2], at[2]
			if is[at[1]+i*move[1]] == 0 {
				from, by, place = b, move[3], at[3]
			}
			z[at[0]+i*move[0]] = from[place+i*by]
		}
		if !w.next(&at) {
			return nil
		}
	}
}
