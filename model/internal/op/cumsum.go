package op

import (
	"fmt"

	"gorgonia.org/tensor"
)

// cumSum adds up the elements along an axis up to each of them, or, reversed,
// from it on; exclusive without itself.
func cumSum(n *Node) error {
	if err := n.takes(2, 2); err != nil {
		return err
	}
	shape, err := n.activation(0)
	if err != nil {
		return err
	}
	list, err := n.ints(1, "")
	if err != nil {
		return err
	}
	if len(list) != 1 {
		return fmt.Errorf("%w: axis %d", ErrMalformed, list)
	}
	a, err := axis(list[0], len(shape))
	if err != nil {
		return err
	}
	o := cumSumOp{axis: a, exclusive: n.Int("exclusive", 0) != 0, reverse: n.Int("reverse", 0) != 0}
	return n.give(o, shape, 0)
}

type cumSumOp struct {
	weightless
	axis               int
	exclusive, reverse bool
}

func (l cumSumOp) InPlace()              {}
func (l cumSumOp) Load() (Kernel, error) { return l, nil }
func (l cumSumOp) String() string        { return fmt.Sprintf("cumulative sum along axis %d", l.axis) }

func (l cumSumOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, z, shape := xs[0].Float32s(), y.Float32s(), xs[0].Shape()
	along, inner := shape[l.axis], Volume(shape[l.axis+1:])
	for line := range len(x) / along {
		at, step := line/inner*along*inner+line%inner, inner
		if l.reverse {
			at, step = at+(along-1)*inner, -inner
		}
		sum := float32(0)
		for range along {
			before := sum
			sum += x[at]
			if z[at] = sum; l.exclusive {
				z[at] = before
			}
			at += step
		}
	}
	return nil
}
