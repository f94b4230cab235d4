package op

import (
	"fmt"

	"tandem/model/internal/f32"
)

// extreme reads Min or Max of one or two tensors; of one and a number it is a
// clamp.
func extreme(of *binary) Operator {
	return Operator{
		Read: func(n *Node) error {
			if err := n.takes(1, 2); err != nil {
				return fmt.Errorf("%w (%w: more than two)", err, ErrUnsupported)
			}
			if len(n.In) == 1 {
				return n.same(0)
			}
			for i := range n.In {
				c := n.In[i].Constant
				if c == nil || c.volume() != 1 {
					continue
				}
				shape, err := n.activation(1 - i)
				if err != nil {
					return err
				}
				if len(c.Dims) > len(shape) {
					break
				}
				v, err := n.float(i, 0)
				if err != nil {
					return err
				}
				l := clampOp{bounds: f32.Linear, name: fmt.Sprintf("%s with %g", of.name, v)}
				if of == minimum {
					l.bounds.Max = v
				} else {
					l.bounds.Min = v
				}
				return n.give(l, shape, 1-i)
			}
			return of.read(n)
		},
		Fold: of.fold,
	}
}
