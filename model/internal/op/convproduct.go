package op

import (
	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// convKernel is a matrix product for each group: weights [out/groups taps] times
// patches [taps oh*ow], of which no more exists than the product has at hand.
type convKernel struct {
	*convOp
	matrices []*f32.Matrix // by group
	narrow   *narrow       // what they are made of for each frame; nil: they are there
	bias     *tensor.Dense // [out]
	product  f32.Product   // kept here so that it is not allocated
	patches  patches
	plain    f32.RowMajor // what patches are of a 1×1 convolution

	preparation preparation
}

func (c *convOp) loadProduct(scale, shift []float32) (Kernel, error) {
	k := &convKernel{convOp: c, bias: vector(shift)}
	k.preparation.convKernel = k
	rows, cols := c.out/c.groups, c.in/c.groups*len(c.taps)
	k.patches.window = &k.window
	off := make([]int, cols)
	for i := range off {
		off[i] = i/len(c.taps)*c.plane() + c.taps[i%len(c.taps)]
	}
	k.patches.off = f32.NewOffsets(off)
	var err error
	if k.narrow, err = c.weights.narrowed(scale, false); err != nil {
		return nil, err
	}
	for g := range c.groups {
		if k.narrow != nil {
			k.matrices = append(k.matrices, f32.Bare(rows, cols))
			continue
		}
		m := f32.New(rows, cols)
		k.matrices = append(k.matrices, m)
		err := c.blocks(rows, cols, g*rows, func(row int, block []float32) {
			for r := range len(block) / cols {
				scaleBy(block[r*cols:][:cols], scale[g*rows+row+r])
			}
			m.SetRows(row, block)
		})
		if err != nil {
			k.Free()
			return nil, err
		}
	}
	return k, nil
}

func (k *convKernel) Store(f f32.Format) int {
	if k.narrow != nil { // they are bytes already
		return len(k.narrow.bytes)
	}
	return stores(f, k.matrices...)
}

func (k *convKernel) Free() {
	for _, m := range k.matrices {
		m.Free()
	}
}

// prepared is the size of all prepared planes, 0 when they need no preparing.
// Behind them is room for a row of patches, so that the last ones may be read
// like all others.
func (k *convKernel) prepared() int {
	if k.ready() {
		return 0
	}
	return k.in*k.plane() + f32.MaxRuns
}

func (k *convKernel) Scratch(threads int) int {
	product := 0 // what the weights of each group need: not all may be in fewer bits
	for _, m := range k.matrices {
		product = max(product, m.Scratch(k.oh*k.ow))
	}
	return k.prepared() + k.narrow.room(k.matrices[0]) + threads*product
}

func (k *convKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error {
	x, err := elements(xs[0], k.in*k.h*k.w)
	if err != nil {
		return err
	}
	c, err := elements(y, k.out*k.oh*k.ow)
	if err != nil {
		return err
	}
	bias := k.bias.Float32s()
	scratch := with.Scratch
	if n := k.prepared(); n > 0 {
		k.patches.x, k.patches.src, scratch = scratch[:n], x, scratch[n:]
		if with.Team != nil {
			with.Team.Do(k.in, &k.preparation)
		} else {
			for ch := range k.in {
				k.preparation.Chunk(0, ch)
			}
		}
		x = k.patches.x
	}
	rows, positions := k.out/k.groups, k.oh*k.ow
	each := k.in / k.groups * k.plane()
	for g, m := range k.matrices {
		scratch := k.narrow.fill(m, g*rows, scratch)
		k.product = f32.Product{
			C: c[g*rows*positions:][:rows*positions], Ldc: positions, B: &k.patches, N: positions,
			Bias: bias[g*rows:][:rows], Clamp: with.Clamp, Then: with.Then.From(g * rows * positions),
		}
		k.patches.x = x[g*each:]
		if len(k.taps) == 1 {
			k.plain = f32.RowMajor{Data: x[g*each:][:each], Stride: positions}
			k.product.B = &k.plain
		}
		if with.Team != nil {
			with.Team.Mul(m, &k.product, scratch)
		} else {
			m.Mul(&k.product, scratch)
		}
	}
	return nil
}

// patches are the columns of the product: column oy*ow+ox holds the inputs that
// output (oy, ox) sees, in the order of the weights.
type patches struct {
	*window
	off    f32.Offsets // of each row of the matrix: its tap of the first output
	x, src []float32   // from the group's first channel on: prepared, as they came
}

var _ f32.Columns = (*patches)(nil)

// Pack gathers a few columns. Neighbouring outputs of a row have neighbouring
// inputs, so it copies runs, and these lie alike in every row of the matrix.
func (p *patches) Pack(dst []float32, width, row, rows, col, cols int) {
	for cols > width {
		p.tile(dst, width, row, rows, col, width)
		dst, col, cols = dst[rows*width:], col+width, cols-width
	}
	p.tile(dst, width, row, rows, col, cols)
}

func (p *patches) tile(dst []float32, width, row, rows, col, cols int) {
	var runs [f32.MaxRuns + 1]f32.Run
	n := 0
	for at := 0; at < cols; n++ {
		oy, ox := (col+at)/p.ow, (col+at)%p.ow
		runs[n] = f32.Run{To: at, From: oy*p.pw + ox}
		if at += p.ow - ox; p.ow == p.pw {
			at = cols
		}
	}
	runs[n].To = cols
	f32.Gather(dst, width, p.x, &p.off, row, rows, runs[:n+1])
}

// preparation prepares one plane for each chunk.
type preparation struct{ *convKernel }

func (p *preparation) Chunk(_, ch int) {
	prepared := p.patches.x[ch*p.plane():][:p.plane()]
	p.frame(prepared, 0)
	p.inner(prepared, p.patches.src[ch*p.h*p.w:][:p.h*p.w])
}
