package op

import (
	"fmt"
	"slices"
)

// gather takes listed places of one dimension.
func gather(n *Node) error {
	if err := n.takes(2, 2); err != nil {
		return err
	}
	shape, err := n.activation(0)
	if err != nil {
		return err
	}
	indices, err := n.constant(1)
	if err != nil {
		return err
	}
	a, places, to, err := n.places(shape, indices)
	if err != nil {
		return err
	}
	axes := whole(shape)
	axes[a] = chosen{size: len(places), list: places}
	return n.give(&pickOp{name: "gather", from: shape, to: to, axes: axes}, to, 0)
}

// places is which places of which axis a Gather takes, and the shape that it
// gives.
func (n *Node) places(shape []int, indices *Constant) (a int, places []int64, to []int, err error) {
	if a, err = axis(n.Int("axis", 0), len(shape)); err != nil {
		return 0, nil, nil, err
	}
	if !indices.Type.Integer() || indices.volume() == 0 {
		return 0, nil, nil, fmt.Errorf("%w: its indices are no integers", ErrMalformed)
	}
	if err := indices.know(n.Budget); err != nil {
		return 0, nil, nil, err
	}
	places = make([]int64, len(indices.ints))
	for i, v := range indices.ints {
		at, err := axis(v, shape[a])
		if err != nil {
			return 0, nil, nil, fmt.Errorf("%w: index %d of a dimension of %d", ErrMalformed, v, shape[a])
		}
		places[i] = int64(at)
	}
	return a, places, slices.Concat(shape[:a], indices.shape(), shape[a+1:]), nil
}
