package op

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"
)

// gather takes listed places of one dimension.
func gather(n *Node) error {
	if err := n.takes(2, 2); err != nil {
		return err
	}
	shape, err := n.dims(0)
	if err != nil {
		return err
	}
	a, err := axis(n.Int("axis", 0), len(shape))
	if err != nil {
		return err
	}
	if !n.holds(1).Integer() {
		return fmt.Errorf("%w: its indices hold %v, want integers", ErrMalformed, n.holds(1))
	}
	indices, err := n.dims(1)
	if err != nil {
		return err
	}
	to := slices.Concat(shape[:a], indices, shape[a+1:])
	c := n.In[1].Constant
	if c == nil || n.In[0].Constant != nil {
		return n.combine(gatherOp{axis: a}, to, 0, 1)
	}
	if err := c.know(n.Budget); err != nil {
		return err
	}
	places := make([]int64, len(c.ints))
	for i, v := range c.ints {
		at, err := axis(v, shape[a])
		if err != nil {
			return fmt.Errorf("%w: index %d of a dimension of %d", ErrMalformed, v, shape[a])
		}
		places[i] = int64(at)
	}
	axes := whole(shape)
	axes[a] = chosen{size: len(places), list: places}
	return n.give(&pickOp{name: "gather", from: shape, to: to, axes: axes}, to, 0)
}

// gatherOp is a gather whose indices are computed, or whose data is a constant,
// such as the table of an embedding.
type gatherOp struct {
	weightless
	axis int
}

func (l gatherOp) Load() (Kernel, error) { return l, nil }
func (l gatherOp) String() string        { return "gather" }

func (l gatherOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, indices, z := xs[0].Float32s(), xs[1].Float32s(), y.Float32s()
	shape := xs[0].Shape()
	outer, size, unit := Volume(shape[:l.axis]), shape[l.axis], Volume(shape[l.axis+1:])
	for o := range outer {
		for _, v := range indices {
			at, err := place(v, size)
			if err != nil {
				return err
			}
			copy(z[:unit], x[(o*size+at)*unit:])
			z = z[unit:]
		}
	}
	return nil
}

// place is an index that was computed, into a dimension of that size; it counts
// from the end when it is negative.
func place(v float32, size int) (int, error) {
	at, ok := index(v, size)
	if !ok {
		return 0, fmt.Errorf("index %v of a dimension of %d: %w", v, size, ErrIndex)
	}
	return at, nil
}

func index(v float32, size int) (int, bool) {
	if v < 0 {
		v += float32(size)
	}
	if !(v >= 0 && v < float32(size)) {
		return 0, false
	}
	return int(v), true
}
