package op

import (
	"slices"

	"gorgonia.org/tensor"
)

// pickOp makes a tensor of elements of another one, chosen along each dimension
// by itself: slices, parts, gathers and pads.
type pickOp struct {
	weightless
	name string
	from []int    // shape of the input
	to   []int    // shape of the result: the sizes of axes, but a gather may give others
	axes []chosen // for each dimension
	pad  float32  // for elements that are not in the input
}

// chosen is which indices of one dimension are taken: size of them, in the way
// that is set.
type chosen struct {
	size        int
	start, step int     // start + i step, or
	list        []int64 // list[i], or
	mode        string  // of a pad: constant, reflect, edge or wrap, for i + start
}

// at is the index for place i, or -1 for what is not there. n is the size of
// the input's dimension.
func (c chosen) at(i, n int) int {
	switch {
	case c.list != nil:
		return int(c.list[i])
	case c.mode == "":
		return c.start + i*c.step
	}
	i += c.start
	switch {
	case i >= 0 && i < n:
		return i
	case c.mode == "edge":
		return min(max(i, 0), n-1)
	case c.mode == "reflect":
		if i = modulo(i, max(1, 2*(n-1))); i >= n {
			i = 2*(n-1) - i
		}
		return i
	case c.mode == "wrap":
		return modulo(i, n)
	}
	return -1
}

// modulo is the remainder of i by n that is not negative.
func modulo(i, n int) int { return (i%n + n) % n }

// whole says that every index is taken, in order.
func (c chosen) whole(n int) bool {
	return c.size == n && c.list == nil && c.start == 0 && (c.mode != "" || c.step == 1)
}

// whole takes everything.
func whole(shape []int) []chosen {
	all := make([]chosen, len(shape))
	for i, d := range shape {
		all[i] = chosen{size: d, step: 1}
	}
	return all
}

// sizes is the shape of what is chosen.
func sizes(axes []chosen) []int {
	shape := make([]int, len(axes))
	for i, c := range axes {
		shape[i] = c.size
	}
	return shape
}

// pick gives what is chosen of input 0, of that shape.
func (n *Node) pick(name string, shape []int, axes []chosen, pad float32) error {
	to := sizes(axes)
	return n.give(&pickOp{name: name, from: shape, to: to, axes: axes, pad: pad}, to, 0)
}

func (l *pickOp) String() string { return l.name }

// Moves says that no element is made.
func (l *pickOp) Moves() bool {
	return !slices.ContainsFunc(l.axes, func(c chosen) bool { return c.mode == "constant" })
}

// View says where the chosen elements lie, if they are equally far apart along
// each dimension.
func (l *pickOp) View(x *tensor.AP) (*tensor.AP, int, bool) {
	if len(x.Shape()) != len(l.from) {
		return nil, 0, false
	}
	offset, strides := 0, make([]int, len(l.from))
	for k, c := range l.axes {
		first, step, even := c.even(l.from[k])
		if !even {
			return nil, 0, false
		}
		offset += first * x.Strides()[k]
		strides[k] = step * x.Strides()[k]
	}
	y := pattern(sizes(l.axes), strides)
	if slices.Equal(l.to, y.Shape()) {
		return y, offset, true
	}
	return rowMajor(l.to), offset, y.DataOrder().IsContiguous()
}

// even says whether the indices are first, first+step, first+2 step ..., all of
// them in a dimension of n.
func (c chosen) even(n int) (first, step int, ok bool) {
	first, step = c.at(0, n), 1
	if c.size > 1 {
		step = c.at(1, n) - first
	}
	if first < 0 || step < 1 || first+(c.size-1)*step >= n {
		return 0, 0, false
	}
	for i := range c.size {
		if c.at(i, n) != first+i*step {
			return 0, 0, false
		}
	}
	return first, step, true
}

func (l *pickOp) Load() (Kernel, error) {
	k := &pickKernel{unit: 1, pad: l.pad}
	last := len(l.from) - 1
	for ; last > 0 && l.axes[last].whole(l.from[last]); last-- {
		k.unit *= l.from[last]
	}
	step := k.unit
	k.tables, k.size = make([][]int, last+1), make([]int, last+1)
	size := k.unit
	for d := last; d >= 0; d-- {
		table := make([]int, l.axes[d].size)
		for i := range table {
			if table[i] = l.axes[d].at(i, l.from[d]); table[i] >= 0 {
				table[i] *= step
			}
		}
		step *= l.from[d]
		size *= len(table)
		k.tables[d], k.size[d] = table, size
	}
	return k, nil
}

// pickKernel has for each dimension where the input's elements are; the
// innermost ones, which are taken whole, are a unit.
type pickKernel struct {
	tables [][]int
	size   []int // of the result from dimension d on
	unit   int
	pad    float32
}

func (k *pickKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	k.fill(y.Float32s(), xs[0].Float32s(), 0, 0)
	return nil
}

func (k *pickKernel) fill(y, x []float32, d, from int) {
	table := k.tables[d]
	each := k.size[d] / len(table)
	for i, at := range table {
		to := y[i*each:][:each]
		switch {
		case at < 0:
			fill(to, k.pad)
		case d+1 < len(k.tables):
			k.fill(to, x, d+1, from+at)
		default:
			copy(to, x[from+at:])
		}
	}
}
