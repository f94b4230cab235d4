package op

import (
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"
)

// concat puts tensors one after another along one axis.
func concat(n *Node) error {
	if err := n.takes(1, math.MaxInt); err != nil {
		return err
	}
	first, err := n.dims(0)
	if err != nil {
		return err
	}
	a, err := axis(n.Int("axis", 1), len(first))
	if err != nil {
		return err
	}
	to := slices.Clone(first)
	to[a] = 0
	var from []int
	for i := range n.In {
		shape, err := n.dims(i)
		if err != nil {
			return err
		}
		if !joinable(shape, first, a) {
			return fmt.Errorf("%w: shapes %v and %v do not fit along axis %d", ErrMalformed, first, shape, a)
		}
		if to[a] += shape[a]; to[a] > MaxVolume {
			return sound(to)
		}
		if shape[a] > 0 { // an empty part of a Split adds nothing
			from = append(from, i)
		}
	}
	if len(from) == 1 && len(n.In) > 1 {
		return n.same(from[0])
	}
	return n.combine(concatOp{axis: a, count: len(from)}, to, from...)
}

// joinable says that two shapes differ along one axis at most.
func joinable(s, t []int, axis int) bool {
	return len(s) == len(t) && slices.Equal(s[:axis], t[:axis]) && slices.Equal(s[axis+1:], t[axis+1:])
}

type concatOp struct {
	weightless
	axis, count int
}

func (l concatOp) Strided()              {}
func (l concatOp) Load() (Kernel, error) { return l, nil }
func (l concatOp) String() string        { return fmt.Sprintf("concat of %d", l.count) }

func (l concatOp) Offsets(shapes [][]int) ([]int, bool) {
	at, offsets := 0, make([]int, len(shapes))
	for i, s := range shapes {
		offsets[i] = at
		at += Volume(s)
	}
	return offsets, Volume(shapes[0][:l.axis]) == 1
}

func (l concatOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	z := y.Float32s()
	outer, width := Volume(y.Shape()[:l.axis]), Volume(y.Shape()[l.axis:])
	at := 0
	for _, t := range xs {
		x, w := t.Float32s(), Volume(t.Shape()[l.axis:])
		if t.DataOrder().IsNotContiguous() {
			rearrange(z[at:], x, alongside(y.Info(), t.Info()))
			at += w
			continue
		}
		for o := range outer {
			if to := z[o*width+at:][:w]; &to[0] != &x[o*w] { // it was made where it belongs
				copy(to, x[o*w:])
			}
		}
		at += w
	}
	return nil
}

// alongside is the walk over x and its place in y, which is larger.
func alongside(y, x *tensor.AP) (w walk) {
	for i, d := range x.Shape() {
		w.add(d, moves{y.Strides()[i], x.Strides()[i]})
	}
	return w
}

// foldConcat joins small constants.
func foldConcat(n *Node) error {
	if err := n.takes(1, math.MaxInt); err != nil {
		return err
	}
	c, first, err := n.small(0)
	if err != nil {
		return err
	}
	a, err := axis(n.Int("axis", 0), len(first))
	if err != nil {
		return err
	}
	joined := &Constant{Type: c.Type}
	to, outer := slices.Clone(first), Volume(first[:a])
	to[a] = 0
	for i := range n.In {
		c, shape, err := n.small(i)
		if err != nil {
			return err
		}
		if !joinable(shape, first, a) || c.Type != joined.Type {
			return fmt.Errorf("%w: constants of shape %v and %v do not fit along axis %d", ErrMalformed, first, shape, a)
		}
		to[a] += shape[a]
	}
	if err := n.Budget.spend(16 * int64(Volume(to)+8)); err != nil {
		return err
	}
	for o := range outer {
		for _, in := range n.In {
			c := in.Constant
			if each := len(c.ints) / outer; c.Type.Integer() {
				joined.ints = append(joined.ints, c.ints[o*each:][:each]...)
			} else {
				each = len(c.reals) / outer
				joined.reals = append(joined.reals, c.reals[o*each:][:each]...)
			}
		}
	}
	joined.Dims = wide(to)
	return n.known(joined)
}
