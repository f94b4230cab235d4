package op

import (
	"fmt"
	"slices"
)

// compress takes the places of a dimension for which a condition holds, a
// constant; without an axis the tensor is one long dimension.
func compress(n *Node) error {
	if err := n.takes(2, 2); err != nil {
		return err
	}
	shape, err := n.activation(0)
	if err != nil {
		return err
	}
	from, a := []int{Volume(shape)}, 0
	if n.Attribute("axis") != nil {
		from = slices.Clone(shape)
		if a, err = axis(n.Int("axis", 0), len(shape)); err != nil {
			return err
		}
	}
	holds, err := n.ints(1, "")
	if err != nil {
		return err
	}
	places := []int64{}
	for i, v := range holds {
		if v != 0 && i < from[a] {
			places = append(places, int64(i))
		}
	}
	if len(places) == 0 {
		return fmt.Errorf("no place is chosen: %w: the result would be empty", ErrUnsupported)
	}
	axes := whole(from)
	axes[a] = chosen{size: len(places), list: places}
	return n.pick("compress", from, axes, 0)
}
