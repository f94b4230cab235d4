package model

import (
	"fmt"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// conv is a convolution in two dimensions: x of shape [in h w], y of [out oh ow].
// The channels are in groups, which do not see one another.
type conv struct {
	window
	in, out, groups int
	weights         *constant // [out in/groups kh kw]
	after           []scaling // of each output channel: the bias, and what was folded
}

func (c *conv) bounded() {}

func (c *conv) work() int64 {
	return int64(c.out) * int64(c.in/c.groups) * int64(c.elements()) * int64(c.oh) * int64(c.ow)
}

func (c *conv) bytes() int64 {
	return 4 * (int64(c.out)*int64(c.in/c.groups)*int64(c.elements()) + int64(c.out))
}

func (c *conv) String() string {
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

func (c *conv) load() (kernel, error) {
	scale, shift, err := combine(c.after, c.out)
	if err != nil {
		return nil, err
	}
	loaded := *c
	c = &loaded
	c.window = c.settled()
	if c.in == c.groups {
		return c.loadDepthwise(scale, shift)
	}
	k := &convKernel{conv: c, bias: tensor.New(tensor.WithShape(c.out), tensor.WithBacking(shift))}
	rows, cols := c.out/c.groups, c.in/c.groups*len(c.taps)
	k.preparation.convKernel = k
	for g := range c.groups {
		m := f32.New(rows, cols)
		e := newPacked(m)
		k.engines = append(k.engines, e)
		err := c.weights.blocks(rows, cols, g*rows, func(row int, block []float32) {
			for r := range len(block) / cols {
				multiply(block[r*cols:][:cols], scale[g*rows+row+r])
			}
			m.SetRows(row, block)
		})
		if err != nil {
			k.free()
			return nil, err
		}
		k.weights = append(k.weights, tensor.New(tensor.WithShape(m.Panels(), cols, m.Width()),
			tensor.WithBacking(m.Data()), tensor.WithEngine(e)))
	}
	return k, nil
}

// convKernel is a matrix product for each group: weights [out/groups taps] times
// patches [taps oh*ow], of which no more exists than the product has at hand.
type convKernel struct {
	*conv
	engines []*packed
	weights []*tensor.Dense // as package f32 lays them out, by group
	bias    *tensor.Dense   // [out]
	product f32.Product     // kept here so that it is not allocated
	patches patches

	preparation preparation
}

func (k *convKernel) free() {
	for _, e := range k.engines {
		e.m.Free()
	}
}

// prepared is the size of all prepared planes, 0 when they need no preparing.
func (k *convKernel) prepared() int {
	if k.ready() {
		return 0
	}
	return k.in * k.plane()
}

func (k *convKernel) scratch(threads int) int {
	return k.prepared() + threads*k.engines[0].m.Scratch(k.oh*k.ow)
}

func (k *convKernel) apply(y *tensor.Dense, xs []*tensor.Dense, with means) error {
	x, err := elements(xs[0], k.in*k.h*k.w)
	if err != nil {
		return err
	}
	c, err := elements(y, k.out*k.oh*k.ow)
	if err != nil {
		return err
	}
	bias := k.bias.Float32s()
	scratch := with.scratch
	if n := k.prepared(); n > 0 {
		k.patches.x, k.patches.src, scratch = scratch[:n], x, scratch[n:]
		if with.pool != nil {
			with.pool.Do(k.in, &k.preparation)
		} else {
			for ch := range k.in {
				k.preparation.Chunk(0, ch)
			}
		}
		x = k.patches.x
	}
	rows, positions := k.out/k.groups, k.oh*k.ow
	for g, e := range k.engines {
		k.patches.window, k.patches.x = &k.window, x[g*len(x)/k.groups:][:len(x)/k.groups]
		k.product = f32.Product{
			C: c[g*rows*positions:][:rows*positions], Ldc: positions, B: &k.patches, N: positions,
			Bias: bias[g*rows:][:rows], Clamp: with.clamp,
		}
		if with.pool != nil {
			with.pool.Mul(e.m, &k.product, scratch)
		} else {
			e.m.Mul(&k.product, scratch)
		}
	}
	return nil
}

// patches are the columns of the product: column oy*ow+ox holds the inputs that
// output (oy, ox) sees, in the order of the weights.
type patches struct {
	*window
	x, src []float32 // of the group's channels: prepared, as they came
}

var _ f32.Columns = (*patches)(nil)

// Pack gathers a few columns. Neighbouring outputs of a row have neighbouring
// inputs, so it copies runs, and these lie alike in every row of the matrix.
func (p *patches) Pack(dst []float32, width, row, rows, col, cols int) {
	plane, taps := p.plane(), p.taps
	channel, tap := row/len(taps), row%len(taps)
	if p.ow == p.pw {
		for r := range rows {
			copy(dst[r*width:r*width+cols], p.x[channel*plane+taps[tap]+col:])
			if tap++; tap == len(taps) {
				channel, tap = channel+1, 0
			}
		}
		return
	}
	// What is left of the first row, whole rows, and the beginning of the last.
	oy, ox := col/p.ow, col%p.ow
	head := min(cols, (p.ow-ox)%p.ow)
	whole := (cols - head) / p.ow
	tail := cols - head - whole*p.ow
	first := oy*p.pw + ox
	if ox > 0 {
		oy++
	}
	for r := range rows {
		line, x := dst[r*width:r*width+cols], p.x[channel*plane+taps[tap]:]
		copy(line[:head], x[first:])
		if whole > 0 {
			f32.CopyRows(line[head:], p.ow, x[oy*p.pw:], p.pw, whole, p.ow)
		}
		if tail > 0 {
			copy(line[cols-tail:], x[(oy+whole)*p.pw:])
		}
		if tap++; tap == len(taps) {
			channel, tap = channel+1, 0
		}
	}
}

// preparation prepares one plane for each chunk.
type preparation struct{ *convKernel }

func (p *preparation) Chunk(_, ch int) {
	prepared := p.patches.x[ch*p.plane():][:p.plane()]
	p.frame(prepared, 0)
	p.inner(prepared, p.patches.src[ch*p.h*p.w:][:p.h*p.w])
}
