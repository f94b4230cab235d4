package op

import (
	"fmt"

	"tandem/model/internal/f32"
	"tandem/model/internal/onnx"
)

// extreme reads Min or Max of any number of tensors; of one and a number it is a
// clamp.
func extreme(of *binary) Operator {
	all := many(of, false)
	return Operator{
		Read: func(n *Node) error {
			if len(n.In) != 2 || n.holds(0) != onnx.Float32 {
				return all.Read(n)
			}
			if err := n.takes(2, 2); err != nil {
				return err
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
			return all.Read(n)
		},
		Fold: all.Fold,
	}
}
