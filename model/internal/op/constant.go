package op

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"tandem/model/internal/onnx"
)

// Constant is a tensor that does not depend on the input. Weights stay in the
// file until the layer that uses them is loaded; integers, such as the shapes
// that exporters compute in the graph, and what is computed from constants are
// known when the network is opened.
type Constant struct {
	Name string
	Dims []int64
	Type onnx.DataType

	ints  []int64      // of an integral type, or
	reals []float32    // of another one, or
	file  *onnx.Tensor // where they are, in the order of the file:
	order []int        // dimension i is dimension order[i] of the file; nil: the same

	quantised *quantised // or what the numbers are made of
}

// Budget is how many bytes may still be allocated for constants.
type Budget int64

// spend takes n bytes from the budget, before they are allocated.
func (b *Budget) spend(n int64) error {
	if n > int64(*b) {
		return fmt.Errorf("constants that are computed take more memory than is allowed: %w (--constants allows more)", ErrUnsupported)
	}
	*b -= Budget(n)
	return nil
}

// Hold makes a constant of a tensor in the file.
func Hold(name string, t *onnx.Tensor, b *Budget) (*Constant, error) {
	c := &Constant{Name: name, Dims: t.Dims, Type: t.Type, file: t}
	const few = 1 << 12
	if (t.Type == onnx.Int32 || t.Type == onnx.Int64) && t.Len() <= few {
		return c, c.know(b)
	}
	return c, nil
}

// know reads the numbers of a constant, so that more can be computed from them.
func (c *Constant) know(b *Budget) error {
	if c.file == nil && c.quantised == nil {
		return nil
	}
	each := int64(4)
	if c.Type.Integer() {
		each = 8
	}
	err := b.spend(each * (c.volume() + 8))
	if err == nil && c.Type.Integer() {
		if c.ints, err = c.file.Ints(); err == nil {
			c.ints = turned(c, c.ints)
		}
	} else if err == nil {
		c.reals, err = c.floats()
	}
	if err == nil {
		c.file, c.order, c.quantised = nil, nil, nil
	}
	return err
}

// turned brings the elements of a constant from the order of the file into its
// own.
func turned[T any](c *Constant, from []T) []T {
	if c.order == nil {
		return from
	}
	dims := make([]int, len(c.file.Dims))
	for i, d := range c.file.Dims {
		dims[i] = int(d)
	}
	to := make([]T, len(from))
	rearrange(to, from, turning(rowMajor(c.shape()), rowMajor(dims), c.order))
	return to
}

func (c *Constant) volume() int64 {
	n := int64(1)
	for _, d := range c.Dims {
		n *= d
	}
	return n
}

// shape is that of a constant that is small enough for an activation.
func (c *Constant) shape() []int {
	s := make([]int, len(c.Dims))
	for i, d := range c.Dims {
		s[i] = int(d)
	}
	return s
}

// floats reads all elements in row-major order.
func (c *Constant) floats() ([]float32, error) {
	if c.quantised != nil {
		return c.quantised.floats(int(c.volume()))
	}
	if c.file == nil && !c.Type.Integer() {
		return c.reals, nil
	}
	f := make([]float32, c.volume())
	if c.file == nil {
		for i, v := range c.ints {
			f[i] = float32(v)
		}
		return f, nil
	}
	if err := c.file.Floats(f, 0); err != nil {
		return nil, err
	}
	return turned(c, f), nil
}

// tensor reads all elements into memory.
func (c *Constant) tensor() (*tensor.Dense, error) {
	f, err := c.floats()
	if err != nil {
		return nil, err
	}
	return tensor.New(tensor.WithShape(c.shape()...), tensor.WithBacking(f)), nil
}

// blocks calls f for rows [first, first+rows) of cols elements, some at a time
// and counted from first.
func (c *Constant) blocks(rows, cols, first int, f func(row int, block []float32)) error {
	if c.file == nil || c.order != nil {
		all, err := c.floats()
		if err == nil {
			f(0, slices.Clone(all[first*cols:(first+rows)*cols]))
		}
		return err
	}
	const most = 1 << 14 // numbers
	some := max(1, min(rows, most/max(1, cols)))
	block := make([]float32, some*cols)
	for from := 0; from < rows; from += some {
		block := block[:min(some, rows-from)*cols]
		if err := c.file.Floats(block, int64(first+from)*int64(cols)); err != nil {
			return err
		}
		f(from, block)
	}
	return nil
}

// numeric checks that a constant is numbers to compute with, as float32.
func (c *Constant) numeric() error {
	switch {
	case !c.Type.Readable():
		return fmt.Errorf("constant %.80q holds %v: %w", c.Name, c.Type, ErrUnsupported)
	case c.volume() < 1 || c.volume() > maxElements:
		return fmt.Errorf("%w: constant %.80q of shape %d: want 1 to %d elements", ErrMalformed, c.Name, c.Dims, maxElements)
	}
	return nil
}

// weight checks that a constant is float32 numbers in the file.
func (c *Constant) weight() error {
	if c.Type.Integer() {
		return fmt.Errorf("weights %.80q hold integers: %w: export as float32", c.Name, ErrUnsupported)
	}
	return c.numeric()
}

// perChannel says whether c has one number for all, or one for each of so many
// channels, which are dimension axis of rank.
func (c *Constant) perChannel(rank, axis, channels int) bool {
	if len(c.Dims) > rank {
		return false
	}
	for i, d := range c.Dims {
		if at := rank - len(c.Dims) + i; d != 1 && (at != axis || d != int64(channels)) {
			return false
		}
	}
	return true
}

// Whole is a constant of one int64, of a shape of ones.
func Whole(v int64, dims ...int64) *Constant {
	return &Constant{Type: onnx.Int64, Dims: dims, ints: []int64{v}}
}

// Number is the one number of a constant.
func (c *Constant) Number(b *Budget) (float64, error) {
	if c.volume() != 1 {
		return 0, fmt.Errorf("%w: %.80q has the shape %d, want one number", ErrMalformed, c.Name, c.Dims)
	}
	if err := c.know(b); err != nil {
		return 0, err
	}
	return c.number(), nil
}
