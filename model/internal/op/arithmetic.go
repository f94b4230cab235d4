package op

import (
	"fmt"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
	"tandem/model/internal/onnx"
)

// arithmetic reads an operator on two tensors, which are combined element by
// element; each is repeated along the dimensions in which it has one element and
// the other more. One of them may be a constant.
func arithmetic(of *binary) Operator {
	return Operator{Read: of.read, Fold: of.fold}
}

// binary is what an operator does with two numbers.
type binary struct {
	name string

	// line makes a line of y; sa and sb say how a and b move: one element at a
	// time, or not at all.
	line  func(y, a, b []float32, sa, sb int)
	whole func(y, a, b []float32, sa, sb int) // of integers; nil: line
	ints  func(a, b int64) (int64, error)     // of two integer constants; nil: as whole or line
	gives onnx.DataType                       // what the result holds; 0: what the first input does

	// as is what x combined with a constant is as a scaling; nil where it is none.
	as func(c *Constant, first bool) (scaling, bool)
}

func (of *binary) read(n *Node) error {
	if err := n.takes(2, 2); err != nil {
		return err
	}
	if of.ints != nil && n.holds(0).Integer() != n.holds(1).Integer() {
		return fmt.Errorf("%w: %v and %v: two of one type are wanted", ErrMalformed, n.holds(0), n.holds(1))
	}
	o := &arithmeticOp{of: of, line: of.line}
	if n.Opset < 7 {
		if err := n.place(); err != nil {
			return err
		}
	}
	to, err := n.broadcast()
	if err != nil {
		return err
	}
	var from []int
	for i, in := range n.In {
		if in.Constant == nil {
			from = append(from, i)
			continue
		}
		if err := in.Constant.numeric(); err != nil {
			return err
		}
		o.constant, o.first = in.Constant, i == 0
	}
	if of.whole != nil && n.holds(0).Integer() {
		o.line = of.whole
	}
	gives := of.gives
	if gives == 0 {
		gives = n.holds(0)
	}
	return n.typed(gives, n.give(o, to, from...))
}

// place gives the second operand dimensions of 1 at its end: before version 7 it
// did not have to lie at the end of the first, and attribute axis says where.
func (n *Node) place() error {
	a, err := n.dims(0)
	if err != nil {
		return err
	}
	b, err := n.dims(1)
	if err != nil {
		return err
	}
	at := int64(len(a) - len(b))
	if n.Op == "PRelu" && len(b) == 1 {
		at = 1
	} else {
		at = n.Int("axis", at)
	}
	missing := int64(len(a)-len(b)) - at
	if missing <= 0 || len(b) == 0 {
		return nil
	}
	if n.In[1].Constant == nil || missing > MaxRank {
		return fmt.Errorf("axis %d of an activation: %w: export with opset_version=17", at, ErrUnsupported)
	}
	c := *n.In[1].Constant
	for range missing {
		c.Dims = append(c.Dims[:len(c.Dims):len(c.Dims)], 1)
	}
	n.In[1].Constant = &c
	return nil
}

// broadcast is the shape of the result of two shapes, or says why there is none.
func broadcast(a, b []int) ([]int, error) {
	to := make([]int, max(len(a), len(b)))
	for i := range to {
		da, db := along(a, len(to), i), along(b, len(to), i)
		if da != db && da != 1 && db != 1 {
			return nil, fmt.Errorf("%w: shapes %v and %v do not fit one another", ErrMalformed, a, b)
		}
		if to[i] = da; da == 1 {
			to[i] = db
		}
	}
	return to, nil
}

// along is dimension i of a shape, as if it had rank many.
func along(shape []int, rank, i int) int {
	if i -= rank - len(shape); i >= 0 {
		return shape[i]
	}
	return 1
}

// together is the walk over y and what the others have for each of its elements.
func together(y *tensor.AP, others ...*tensor.AP) (w walk) {
	rank := len(y.Shape())
	for i, d := range y.Shape() {
		by := moves{y.Strides()[i]}
		for k, t := range others {
			by[k+1] = stride(t, rank, i)
		}
		w.add(d, by)
	}
	return w
}

// arithmeticOp computes two tensors element by element.
type arithmeticOp struct {
	of       *binary
	line     func(y, a, b []float32, sa, sb int)
	constant *Constant // one of the two, or nil
	first    bool      // it is the first
}

func (l *arithmeticOp) Bytes() int64 {
	if l.constant == nil {
		return 0
	}
	return 4 * l.constant.volume()
}

func (l *arithmeticOp) InPlace() {}

// Pair says what it does, where both tensors come with the frame.
func (l *arithmeticOp) Pair() (f32.Pair, bool) {
	switch {
	case l.constant != nil:
		return 0, false
	case l.of == add:
		return f32.Add, true
	case l.of == multiply:
		return f32.Multiply, true
	}
	return 0, false
}

func (l *arithmeticOp) Strided()       {}
func (l *arithmeticOp) Bounded()       {}
func (l *arithmeticOp) Work() int64    { return 0 }
func (l *arithmeticOp) String() string { return l.of.name }

func (l *arithmeticOp) scaling(shape []int, axis int) (scaling, bool) {
	if l.of.as == nil || l.constant == nil || !l.constant.perChannel(len(shape), axis, shape[axis]) {
		return scaling{}, false
	}
	return l.of.as(l.constant, l.first)
}

func (l *arithmeticOp) Load() (Kernel, error) {
	k := &arithmeticKernel{line: l.line, first: l.first, times: l.of == multiply}
	if l.constant != nil {
		var err error
		if k.held, err = l.constant.tensor(); err != nil {
			return nil, err
		}
	}
	return k, nil
}

type arithmeticKernel struct {
	line  func(y, a, b []float32, sa, sb int)
	held  *tensor.Dense // one of the two, or nil
	first bool
	times bool // it multiplies
}

func (k *arithmeticKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error {
	a, b := xs[0], k.held
	switch {
	case b == nil:
		b = xs[1]
	case k.first:
		a, b = b, a
	}
	if !k.times || with.Clamp != f32.Linear || !planeByPlane(y, a, b) && !planeByPlane(y, b, a) {
		lineByLine(y, a, b, k.line, with.Clamp)
	}
	return nil
}

// planeByPlane multiplies each plane of x by one number, if that is what there is to
// do.
func planeByPlane(y, x, by *tensor.Dense) bool {
	w := together(y.Info(), x.Info(), by.Info())
	n, move := w.inner()
	if w.rank != 2 || move != (moves{1, 1, 0}) || w.moves[0] != (moves{n, n, 1}) {
		return false
	}
	f32.Times(y.Float32s(), x.Float32s(), by.Float32s()[:w.dims[0]], n)
	return true
}

// lineByLine makes y of a and b, line by line.
func lineByLine(y, a, b *tensor.Dense, of func(y, a, b []float32, sa, sb int), c f32.Clamp) {
	z, left, right := y.Float32s(), a.Float32s(), b.Float32s()
	w := together(y.Info(), a.Info(), b.Info())
	n, move := w.inner()
	most := n
	if c != f32.Linear { // what is bounded is still in the cache
		most = block
	}
	for at := (moves{}); ; {
		for i := 0; i < n; i += most {
			line := z[at[0]+i:][:min(most, n-i)]
			of(line, left[at[1]+i*move[1]:], right[at[2]+i*move[2]:], move[1], move[2])
			if c != f32.Linear {
				bound(line, line, c)
			}
		}
		if !w.next(&at) {
			return
		}
	}
}

// fold computes two constants; integers exactly.
func (of *binary) fold(n *Node) error {
	if err := n.takes(2, 2); err != nil {
		return err
	}
	if of.ints == nil || !n.holds(0).Integer() || !n.holds(1).Integer() {
		return n.fold(Operator{Read: of.read})
	}
	a, left, err := n.small(0)
	if err != nil {
		return err
	}
	b, right, err := n.small(1)
	if err != nil {
		return err
	}
	to, err := broadcast(left, right)
	if err != nil {
		return err
	}
	size := Volume(to)
	if err := n.Budget.spend(16 * int64(size+8)); err != nil {
		return err
	}
	y := &Constant{Type: a.Type, Dims: wide(to), ints: make([]int64, size)}
	w := together(rowMajor(to), rowMajor(left), rowMajor(right))
	count, move := w.inner()
	for at := (moves{}); size > 0; {
		for i := range count {
			iy, ia, ib := at[0]+i*move[0], at[1]+i*move[1], at[2]+i*move[2]
			if y.ints[iy], err = of.ints(a.ints[ia], b.ints[ib]); err != nil {
				return err
			}
		}
		if !w.next(&at) {
			break
		}
	}
	return n.known(y)
}
