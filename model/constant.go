package model

import (
	"fmt"
	"slices"

	"tandem/model/internal/onnx"
)

// constant is a tensor that does not depend on the input. Weights stay in the
// file until the layer that uses them is loaded; small ones, such as the shapes
// that exporters compute in the graph, are known at once.
type constant struct {
	name    string
	dims    []int64
	integer bool
	ints    []int64      // of an integer constant
	reals   []float32    // of a small one, or
	file    *onnx.Tensor // where they are, in the order of the file:
	order   []int        // dimension i is dimension order[i] of the file; nil: the same
}

func (c *constant) volume() int64 {
	n := int64(1)
	for _, d := range c.dims {
		n *= d
	}
	return n
}

// floats reads all elements in row-major order.
func (c *constant) floats() ([]float32, error) {
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
	walk, turned := newTranspose(dims, c.order).walk, make([]float32, len(f))
	n, move := walk.inner()
	for at := [3]int{}; ; {
		for i := range n {
			turned[at[0]+i*move[0]] = f[at[1]+i*move[1]]
		}
		if !walk.next(&at) {
			return turned, nil
		}
	}
}

// blocks calls f for rows [first, first+rows) of cols elements, some at a time
// and counted from first.
func (c *constant) blocks(rows, cols, first int, f func(row int, block []float32)) error {
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

// maxKnown is how many elements a constant may have that is computed at once.
const maxKnown = 1 << 12

// know reads a small constant, so that more can be computed from it.
func (imp *importer) know(c *constant) error {
	if c.integer || c.reals != nil || c.file == nil {
		return nil
	}
	n := c.volume()
	if n > maxKnown {
		return fmt.Errorf("weights %.80q of shape %d: %w: only up to %d numbers are computed with: fold constants when exporting (onnxsim does it)",
			c.name, c.dims, ErrUnsupported, maxKnown)
	}
	if err := imp.spend(8 * n); err != nil {
		return err
	}
	f, err := c.floats()
	c.reals, c.file, c.order = f, nil, nil
	return err
}

// hold makes a constant of a tensor in the file.
func (imp *importer) hold(name string, t *onnx.Tensor) (*constant, error) {
	c := &constant{name: name, dims: t.Dims}
	switch t.Type {
	case onnx.Int32, onnx.Int64:
		c.integer = true
		if err := imp.spend(24 * min(t.Len(), maxKnown)); err != nil {
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

// weight checks that a constant is float32 numbers in the file.
func (c *constant) weight() error {
	switch {
	case c.integer:
		return fmt.Errorf("weights %.80q hold integers: %w: export as float32", c.name, ErrUnsupported)
	case c.file != nil && c.file.Type != onnx.Float32:
		return fmt.Errorf("weights %.80q hold %v: %w: export as float32", c.name, c.file.Type, ErrUnsupported)
	case c.volume() < 1 || c.volume() > maxElements:
		return fmt.Errorf("%w: weights %.80q of shape %d: want 1 to %d elements", ErrMalformed, c.name, c.dims, maxElements)
	}
	return nil
}
