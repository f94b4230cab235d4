package op

import (
	"fmt"
	"slices"

	"tandem/model/internal/f32"
)

// conv reads a convolution.
func conv(n *Node) error {
	if err := n.takes(2, 3); err != nil {
		return err
	}
	shape, err := n.dims(0)
	if err != nil {
		return err
	}
	s, groups, err := n.filters(shape, 1)
	if err != nil {
		return err
	}
	flat, is := s.flat()
	if w := n.In[1].Constant; !is || w == nil || n.In[0].Constant != nil || n.has(2) && n.In[2].Constant == nil {
		return n.directConv(s, groups)
	}
	if err := flat.affordable(shape[0] * shape[1]); err != nil {
		return err
	}
	w, err := n.weights(1)
	if err != nil {
		return err
	}
	c := &convOp{window: flat.window, samples: shape[0], in: shape[1], out: int(w.Dims[0]), groups: groups, weights: w}
	c.trim()
	if b, err := n.weights(2); err != nil {
		return err
	} else if b != nil {
		if len(b.Dims) != 1 || b.Dims[0] != int64(c.out) {
			return fmt.Errorf("%w: bias %.80q of shape %d for %d outputs", ErrMalformed, b.Name, b.Dims, c.out)
		}
		c.after = append(c.after, scaling{shift: b, times: 1})
	}
	return n.give(c, append([]int{c.samples, c.out}, flat.out...), 0)
}

// filters reads how the weights that input i is slide over an activation of
// that shape.
func (n *Node) filters(shape []int, i int) (s spatial, groups int, err error) {
	w, err := n.dims(i)
	if err != nil {
		return s, 0, err
	}
	g := n.Int("group", 1)
	if len(w) != len(shape) || len(shape) < 3 || w[0] > MaxVolume ||
		g < 1 || int64(shape[1])%g != 0 || int64(w[0])%g != 0 || int64(w[1]) != int64(shape[1])/g {
		return s, 0, fmt.Errorf("%w: weights %.80q of shape %v in %d groups do not fit an activation of shape %v", ErrMalformed, n.Inputs[i], w, g, shape)
	}
	if k := n.Attribute("kernel_shape"); k != nil && !slices.Equal(k.Ints, wide(w[2:])) {
		return s, 0, fmt.Errorf("%w: kernel_shape %d and weights %.80q of shape %v", ErrMalformed, k.Ints, n.Inputs[i], w)
	}
	s, err = n.spatial(shape, wide(w[2:]), false)
	return s, int(g), err
}

// convOp is a convolution in two dimensions: x of shape [samples in h w], y of
// [samples out oh ow]. The channels are in groups, which do not see one another,
// and the kernel has one sample at a time.
type convOp struct {
	window
	samples         int
	in, out, groups int
	weights         *Constant // [out in/groups kh kw]
	after           []scaling // of each output channel: the bias, and what was absorbed
	tile            int       // computed by tiles of so many outputs along each axis; 0: as it is
	kept            []int     // elements of the window that the weights have for it; nil: all
	full            int       // elements that the weights have
}

func (c *convOp) Bounded()       {}
func (c *convOp) Finishes() bool { return true }
func (c *convOp) Samples() int   { return c.samples }

// Absorb takes over a scaling of the output channels.
func (c *convOp) Absorb(by Scaler, shape []int) bool {
	s, ok := by.scaling(shape, 1)
	if ok {
		c.after = append(c.after, s)
	}
	return ok
}

func (c *convOp) Work() int64 {
	return int64(c.samples) * int64(c.out) * int64(c.in/c.groups) * int64(c.elements()) * int64(c.oh) * int64(c.ow)
}

func (c *convOp) Bytes() int64 {
	if c.tile > 0 {
		return f32.WinogradBytes(c.tile, c.out, c.in) + 4*int64(c.out)
	}
	return c.plainBytes() + 4*int64(c.out)
}

// plainBytes is what the weights take as they are.
func (c *convOp) plainBytes() int64 {
	if c.weights.quantised != nil && c.in != c.groups {
		return c.weights.volume()
	}
	return 4 * int64(c.out) * int64(c.in/c.groups) * int64(c.elements())
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
	if c.tile > 0 {
		s += fmt.Sprintf(", by tiles of %dx%d", c.tile, c.tile)
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
	if c.tile > 0 {
		return loaded.loadWinograd(scale, shift)
	}
	if k := loaded.grouped(); k != nil {
		return k, k.load(scale, shift)
	}
	if loaded.byTaps() {
		return loaded.loadTaps(scale, shift)
	}
	return loaded.loadProduct(scale, shift)
}
