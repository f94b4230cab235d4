package op

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"tandem/model/internal/onnx"
)

// Constant is a tensor that does not depend on the input. Weights stay in the
// file until the layer that uses them is loaded; small ones, such as the shapes
// that exporters compute in the graph, are known at once.
type Constant struct {
	Name    string
	Dims    []int64
	Integer bool

	ints  []int64      // of an integer constant
	reals []float32    // of a small one, or
	file  *onnx.Tensor // where they are, in the order of the file:
	order []int        // dimension i is dimension order[i] of the file; nil: the same
}

// Budget is how many bytes may still be allocated for constants.
type Budget int64

// spend takes n bytes from the budget, before they are allocated.
func (b *Budget) spend(n int64) error {
	if *b -= Budget(n); *b < 0 {
		return fmt.Errorf("%w: it computes more constants than its size allows", ErrMalformed)
	}
	return nil
}

// Hold makes a constant of a tensor in the file.
func Hold(name string, t *onnx.Tensor, b *Budget) (*Constant, error) {
	c := &Constant{Name: name, Dims: t.Dims}
	switch t.Type {
	case onnx.Int32, onnx.Int64:
		c.Integer = true
		if err := b.spend(24 * min(t.Len(), maxKnown)); err != nil {
			return nil, err
		}
		var err error
		if c.ints, err = t.Ints(); err != nil {
			return nil, err
		}
		return c, nil
	}
	c.file = t
	return c, nil
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
	if c.file == nil {
		return c.reals, nil
	}
	f := make([]float32, c.volume())
	if err := c.file.Floats(f, 0); err != nil || c.order == nil {
		return f, err
	}
	dims := make([]int, len(c.file.Dims))
	for i, d := range c.file.Dims {
		dims[i] = int(d)
	}
	turned := make([]float32, len(f))
	rearrange(turned, f, turning(rowMajor(c.shape()), rowMajor(dims), c.order))
	return turned, nil
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

// weight checks that a constant is float32 numbers in the file.
func (c *Constant) weight() error {
	switch {
	case c.Integer:
		return fmt.Errorf("weights %.80q hold integers: %w: export as float32", c.Name, ErrUnsupported)
	case c.file != nil && !c.file.Type.Readable():
		return fmt.Errorf("weights %.80q hold %v: %w: export as float32", c.Name, c.file.Type, ErrUnsupported)
	case c.volume() < 1 || c.volume() > maxElements:
		return fmt.Errorf("%w: weights %.80q of shape %d: want 1 to %d elements", ErrMalformed, c.Name, c.Dims, maxElements)
	}
	return nil
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
