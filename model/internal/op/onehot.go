package op

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"
)

// oneHot makes of each index a line of numbers, of which the one at the index is
// on and the others are off. What is out of range gives a line that is off.
func oneHot(n *Node) error {
	if err := n.takes(3, 3); err != nil {
		return err
	}
	indices, err := n.dims(0)
	if err != nil {
		return err
	}
	values, err := n.dims(2)
	if err != nil {
		return err
	}
	a, err := axis(n.Int("axis", -1), len(indices)+1)
	if err != nil {
		return err
	}
	depth := 0
	if to := n.declared(0); n.In[1].Constant == nil && len(to) > a {
		depth = to[a]
	} else {
		c, _, err := n.small(1)
		if err != nil {
			return err
		}
		if c.volume() != 1 || Volume(values) != 2 {
			return fmt.Errorf("%w: depth of shape %d and values of shape %v", ErrMalformed, c.Dims, values)
		}
		if depth = int(c.number()); depth < 1 || depth > MaxVolume {
			return fmt.Errorf("a depth of %d: %w", depth, ErrUnsupported)
		}
	}
	to := slices.Insert(slices.Clone(indices), a, depth)
	return n.typed(n.holds(2), n.combine(oneHotOp{axis: a}, to, 0, 2))
}

type oneHotOp struct {
	weightless
	axis int
}

func (l oneHotOp) Load() (Kernel, error) { return l, nil }
func (l oneHotOp) String() string        { return "one-hot" }

func (l oneHotOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	z, off, on := y.Float32s(), xs[1].Float32s()[0], xs[1].Float32s()[1]
	fill(z, off)
	depth, inner := y.Shape()[l.axis], Volume(y.Shape()[l.axis+1:])
	for i, v := range xs[0].Float32s() {
		if at, ok := index(v, depth); ok {
			z[i/inner*depth*inner+at*inner+i%inner] = on
		}
	}
	return nil
}
