package op

import "gorgonia.org/tensor"

// where takes each element from the first of two tensors where a condition is
// true, and from the second where it is not.
func where(n *Node) error {
	if err := n.takes(3, 3); err != nil {
		return err
	}
	to, err := n.broadcast()
	if err != nil {
		return err
	}
	return n.typed(n.holds(1), n.combine(whereOp{}, to, 0, 1, 2))
}

type whereOp struct{ weightless }

func (l whereOp) InPlace()              {}
func (l whereOp) Strided()              {}
func (l whereOp) Load() (Kernel, error) { return l, nil }
func (l whereOp) String() string        { return "where" }

func (l whereOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	z, is, a, b := y.Float32s(), xs[0].Float32s(), xs[1].Float32s(), xs[2].Float32s()
	w := together(y.Info(), xs[0].Info(), xs[1].Info(), xs[2].Info())
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
