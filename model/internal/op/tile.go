package op

import "fmt"

// tile repeats a tensor so many times along each dimension.
func tile(n *Node) error {
	if err := n.takes(2, 2); err != nil {
		return err
	}
	shape, err := n.activation(0)
	if err != nil {
		return err
	}
	var times []int64
	if to := n.declared(0); to != nil && n.In[1].Constant == nil && len(to) == len(shape) {
		for k, d := range to {
			times = append(times, int64(d/shape[k]))
		}
	} else if times, err = n.ints(1, ""); err != nil {
		return err
	}
	if len(times) != len(shape) {
		return fmt.Errorf("%w: %d repeats of a tensor with %d dimensions", ErrMalformed, len(times), len(shape))
	}
	axes := whole(shape)
	for k, t := range times {
		if t < 1 || t > MaxVolume {
			return fmt.Errorf("repeats %d: %w: 1 to %d are", times, ErrUnsupported, MaxVolume)
		}
		if t > 1 {
			axes[k] = chosen{size: shape[k] * int(t), mode: "wrap"}
		}
	}
	return n.pick("tile", shape, axes, 0)
}
