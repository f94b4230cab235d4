package op

import "fmt"

// split gives the parts of a dimension, each an output of its own.
func split(n *Node) error {
	count := len(n.Outputs)
	if len(n.In) < 1 || len(n.In) > 2 || count < 1 {
		return fmt.Errorf("%w: %d inputs and %d outputs, want 1 to 2, and 1 or more", ErrMalformed, len(n.In), count)
	}
	shape, err := n.activation(0)
	if err != nil {
		return err
	}
	a, err := axis(n.Int("axis", 0), len(shape))
	if err != nil {
		return err
	}
	parts, err := n.parts(a, count)
	if err != nil {
		return err
	}
	if parts == nil {
		if to := n.Int("num_outputs", int64(count)); to != int64(count) {
			return fmt.Errorf("%w: num_outputs %d and %d outputs", ErrMalformed, to, count)
		}
		each := (shape[a] + count - 1) / count // the last one may be smaller
		for left := shape[a]; len(parts) < count; left -= each {
			parts = append(parts, int64(min(each, left)))
		}
	}
	if len(parts) != count {
		return fmt.Errorf("%w: %d parts and %d outputs", ErrMalformed, len(parts), count)
	}
	at := int64(0)
	for _, size := range parts {
		if size < 0 || size > int64(shape[a])-at {
			return fmt.Errorf("%w: parts %d of %d", ErrMalformed, parts, shape[a])
		}
		if size == 0 {
			empty := &Constant{Type: n.holds(0), Dims: wide(shape)}
			empty.Dims[a] = 0
			if err := n.known(empty); err != nil {
				return err
			}
			continue
		}
		axes := whole(shape)
		axes[a] = chosen{size: int(size), start: int(at), step: 1}
		if err := n.pick("split", shape, axes, 0); err != nil {
			return err
		}
		at += size
	}
	if at != int64(shape[a]) {
		return fmt.Errorf("%w: parts %d of %d", ErrMalformed, parts, shape[a])
	}
	return nil
}

// parts reads how long each part is, or where that is computed, takes what the
// file declares of the outputs; nil: they are alike.
func (n *Node) parts(axis, count int) (parts []int64, err error) {
	if !n.computed(1) {
		return n.ints(1, "split")
	}
	for i := range count {
		to := n.declared(i)
		if len(to) <= axis {
			return n.ints(1, "")
		}
		parts = append(parts, int64(to[axis]))
	}
	return parts, nil
}
