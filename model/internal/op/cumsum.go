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
	shape, err := n.dims(0)
	if err != nil {
		return err
	}
	o := cumSumOp{axis: -1, exclusive: n.Int("exclusive", 0) != 0, reverse: n.Int("reverse", 0) != 0}
	if n.In[1].Constant == nil {
		return n.combine(o, shape, 0, 1)
	}
	list, err := n.ints(1, "")
	if err != nil {
		return err
	}
	if len(list) != 1 {
		return fmt.Errorf("%w: axis %d", ErrMalformed, list)
	}
	if o.axis, err = axis(list[0], len(shape)); err != nil {
		return err
	}
	return n.give(o, shape, 0)
}

type cumSumOp struct {
	weightless
	axis               int // -1: it comes with the frame
	exclusive, reverse bool
}

func (l cumSumOp) InPlace()              {}
func (l cumSumOp) Load() (Kernel, error) { return l, nil }
func (l cumSumOp) String() string        { return fmt.Sprintf("cumulative sum along axis %d", l.axis) }

func (l cumSumOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, z, shape := xs[0].Float32s(), y.Float32s(), xs[0].Shape()
	a := l.axis
	if a < 0 {
		var err error
		if a, err = axis(int64(xs[1].Float32s()[0]), len(shape)); err != nil {
			return err
		}
	}
	along, inner := shape[a], Volume(shape[a+1:])
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
