package op

import "fmt"

// Constant folding: what depends on constants alone is computed when the network
// is opened. Exporters leave such nodes behind where they compute shapes.

// maxKnown is how many elements a constant may have that is computed.
const maxKnown = 1 << 12

// know reads a small constant, so that more can be computed from it.
func (c *Constant) know(b *Budget) error {
	if c.Integer || c.reals != nil || c.file == nil {
		return nil
	}
	n := c.volume()
	if n > maxKnown {
		return fmt.Errorf("weights %.80q of shape %d: %w: only up to %d numbers are computed with: fold constants when exporting (onnxsim does it)",
			c.Name, c.Dims, ErrUnsupported, maxKnown)
	}
	if err := b.spend(8 * n); err != nil {
		return err
	}
	f, err := c.floats()
	c.reals, c.file, c.order = f, nil, nil
	return err
}

// small reads input i, a constant that is computed with, and gives its shape.
func (n *Node) small(i int) (*Constant, []int, error) {
	var c *Constant
	if i < len(n.In) {
		c = n.In[i].Constant
	}
	if c == nil {
		return nil, nil, fmt.Errorf("%w: an input is missing", ErrMalformed)
	}
	if err := c.know(n.Budget); err != nil {
		return nil, nil, err
	}
	shape, err := fewDims(c.Dims)
	return c, shape, err
}

// fewDims checks that a constant has no more elements than an activation.
func fewDims(dims []int64) ([]int, error) {
	small, n := make([]int, len(dims)), int64(1)
	for i, d := range dims {
		if d < 0 || d > maxElements/max(1, n) || len(dims) > MaxRank {
			return nil, fmt.Errorf("a constant of shape %d: %w: it is too large to compute with", dims, ErrUnsupported)
		}
		small[i] = int(d)
		n *= max(1, d)
	}
	return small, nil
}

// choose makes the next output a constant of these elements of c.
func (n *Node) choose(c *Constant, shape []int, elements []int) error {
	if len(elements) > maxKnown {
		return tooMany(shape)
	}
	if err := n.Budget.spend(16 * int64(len(elements)+8)); err != nil {
		return err
	}
	to := &Constant{Integer: c.Integer, Dims: wide(shape)}
	for _, at := range elements {
		if c.Integer {
			to.ints = append(to.ints, c.ints[at])
		} else {
			to.reals = append(to.reals, c.reals[at])
		}
	}
	return n.known(to)
}

func tooMany(shape []int) error {
	return fmt.Errorf("a constant of shape %d: %w: only up to %d numbers are computed with", shape, ErrUnsupported, maxKnown)
}

// listed calls f for every place of a tensor of this shape, in order. Of a
// larger one than choose takes, the list is merely too long.
func listed(shape []int, f func(at []int) int) []int {
	size := Volume(shape)
	if size > maxKnown {
		return make([]int, maxKnown+1)
	}
	all, at := make([]int, 0, size), make([]int, len(shape))
	for range size {
		all = append(all, f(at))
		for k := len(shape) - 1; k >= 0; k-- {
			if at[k]++; at[k] < shape[k] {
				break
			}
			at[k] = 0
		}
	}
	return all
}

// wide is a shape as files have it.
func wide(shape []int) []int64 {
	var dims []int64
	for _, d := range shape {
		dims = append(dims, int64(d))
	}
	return dims
}
