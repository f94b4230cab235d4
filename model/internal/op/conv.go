package op

import (
	"fmt"
	"slices"
)

// conv reads a convolution over one or two dimensions.
func conv(n *Node) error {
	if err := n.takes(2, 3); err != nil {
		return err
	}
	shape, err := n.activation(0)
	if err != nil {
		return err
	}
	w, err := n.weights(1)
	if err != nil {
		return err
	}
	groups := n.Int("group", 1)
	if len(w.Dims) != len(shape) || len(shape) < 3 || w.Dims[0] > MaxVolume ||
		groups < 1 || int64(shape[1])%groups != 0 || w.Dims[0]%groups != 0 || w.Dims[1] != int64(shape[1])/groups {
		return fmt.Errorf("%w: weights %.80q of shape %d in %d groups do not fit an activation of shape %d", ErrMalformed, w.Name, w.Dims, groups, shape)
	}
	if k := n.Attribute("kernel_shape"); k != nil && !slices.Equal(k.Ints, w.Dims[2:]) {
		return fmt.Errorf("%w: kernel_shape %d and weights %.80q of shape %d", ErrMalformed, k.Ints, w.Name, w.Dims)
	}
	s, err := n.slide(shape, w.Dims[2:], false)
	if err != nil {
		return err
	}
	c := &convOp{window: s.window, in: shape[1], out: int(w.Dims[0]), groups: int(groups), weights: w}
	if b, err := n.weights(2); err != nil {
		return err
	} else if b != nil {
		if len(b.Dims) != 1 || b.Dims[0] != int64(c.out) {
			return fmt.Errorf("%w: bias %.80q of shape %d for %d outputs", ErrMalformed, b.Name, b.Dims, c.out)
		}
		c.after = append(c.after, scaling{shift: b, times: 1})
	}
	return n.give(c, append([]int{1, c.out}, s.out...), 0)
}

// convOp is a convolution in two dimensions: x of shape [1 in h w], y of
// [1 out oh ow]. The channels are in groups, which do not see one another.
type convOp struct {
	window
	in, out, groups int
	weights         *Constant // [out in/groups kh kw]
	after           []scaling // of each output channel: the bias, and what was absorbed
}

func (c *convOp) Bounded() {}

// Absorb takes over a scaling of the output channels.
func (c *convOp) Absorb(by Scaler, shape []int) bool {
	s, ok := by.scaling(shape, 1)
	if ok {
		c.after = append(c.after, s)
	}
	return ok
}

func (c *convOp) Work() int64 {
	return int64(c.out) * int64(c.in/c.groups) * int64(c.elements()) * int64(c.oh) * int64(c.ow)
}

func (c *convOp) Bytes() int64 {
	return 4 * (int64(c.out)*int64(c.in/c.groups)*int64(c.elements()) + int64(c.out))
}

func (c *convOp) String() string {
	s := fmt.Sprintf("conv %d to %d, %dx%d", c.in, c.out, c.kernel[0], c.kernel[1])
	if c.groups == c.in && c.groups > 1 {
		s = fmt.Sprintf("depthwise conv %d to %d, %dx%d", c.in, c.out, c.kernel[0], c.kernel[1])
	} else if c.groups > 1 {
		s += fmt.Sprintf(", %d groups", c.groups)
	}
	if c.stride != [2]int{1, 1} {
		s += fmt.Sprintf(", stride %d", c.stride[0])
	}
	return s
}

func (c *convOp) Load() (Kernel, error) {
	scale, shift, err := combine(c.after, c.out)
	if err != nil {
		return nil, err
	}
	loaded := *c
	loaded.window = c.settled()
	if c.in == c.groups {
		return loaded.loadDepthwise(scale, shift)
	}
	return loaded.loadProduct(scale, shift)
}
