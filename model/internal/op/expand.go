package op

import (
	"fmt"
	"slices"
)

// expand repeats a tensor along the dimensions in which it has one element and
// the given shape more.
func expand(n *Node) error {
	if err := n.takes(2, 2); err != nil {
		return err
	}
	shape, err := n.activation(0)
	if err != nil {
		return err
	}
	to, err := n.sizes(1)
	if err != nil {
		return err
	}
	if to, err = broadcast(shape, to); err != nil {
		return err
	}
	from := slices.Concat(slices.Repeat([]int{1}, len(to)-len(shape)), shape)
	axes := whole(from)
	for k, d := range to {
		if d != from[k] {
			axes[k] = chosen{size: d} // place 0 again and again
		}
	}
	return n.pick("expand", from, axes, 0)
}

// sizes reads input i, a shape: a constant, or where it is computed, the shape
// that the file declares for the first output.
func (n *Node) sizes(i int) ([]int, error) {
	if n.computed(i) {
		if to := n.declared(0); to != nil {
			return to, nil
		}
	}
	list, err := n.ints(i, "shape")
	if err != nil {
		return nil, err
	}
	to, size := make([]int, len(list)), int64(1)
	for k, d := range list {
		if d < 0 || d > MaxVolume/max(1, size) {
			return nil, fmt.Errorf("%w: shape %d: no dimension may be negative, and at most %d elements are", ErrMalformed, list, MaxVolume)
		}
		to[k] = int(d)
		size *= max(1, d)
	}
	return to, nil
}
