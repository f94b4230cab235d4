package op

import (
	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// groupedKernel is a convolution in groups of a few channels. Patches that were
// gathered for a matrix product would serve those few outputs only; so a group's
// planes are prepared, and its filters read them where they lie.
//
//	x, a group's planes ──prepare──▶ planes with padding ──filters──▶ rows of outputs, ──▶ y
//	                                                                  pw apart
type groupedKernel struct {
	*convOp
	filters []*f32.Filters // by group
	bias    []float32      // [groups Rows], those of Filters

	y, x, scratch []float32 // of the frame at hand
	clamp         f32.Clamp
	then          f32.Epilogue
}

// fewOutputs is up to how many outputs a group is better off without a product.
const fewOutputs = 32

// filtered says whether a convolution is one in small groups, for which there are
// kernels on this machine.
func (c *convOp) filtered() bool {
	return c.groups > 1 && c.groups < c.in && c.out/c.groups <= fewOutputs && c.weights.quantised == nil && f32.NewFilters(1, []int{0}) != nil
}

// grouped is the kernel for such a convolution, nil for others.
func (c *convOp) grouped() *groupedKernel {
	if !c.filtered() {
		return nil
	}
	rows, channels := c.out/c.groups, c.in/c.groups
	var off []int
	for ch := range channels {
		for _, tap := range c.taps {
			off = append(off, ch*c.plane()+tap)
		}
	}
	k := &groupedKernel{convOp: c}
	for range c.groups {
		f := f32.NewFilters(rows, off)
		if f == nil {
			return nil
		}
		k.filters = append(k.filters, f)
	}
	return k
}

func (k *groupedKernel) load(scale, shift []float32) error {
	rows, cols := k.out/k.groups, k.in/k.groups*len(k.taps)
	k.bias = make([]float32, k.groups*k.filters[0].Rows())
	for g, f := range k.filters {
		copy(k.bias[g*f.Rows():], shift[g*rows:][:rows])
	}
	return k.blocks(k.out, cols, 0, func(row int, block []float32) {
		for r := range len(block) / cols {
			w, row := block[r*cols:][:cols], row+r
			scaleBy(w, scale[row])
			k.filters[row/rows].SetRow(row%rows, w)
		}
	})
}

// lines is how many rows of outputs are computed at a time: with the inputs they
// stay in the first-level cache.
func (k *groupedKernel) lines() int { return max(1, min(k.oh, block/4/k.pw)) }

// pitch is how far apart the outputs of neighbouring filters are in the scratch.
func (k *groupedKernel) pitch() int { return k.filters[0].Room(k.lines() * k.pw) }

// planes is the size of a group's prepared planes, and what filters read behind.
func (k *groupedKernel) planes() int {
	f := k.filters[0]
	return max(k.in/k.groups*k.plane(), f.Reach(k.oh*k.pw)+f.Room(1))
}

func (k *groupedKernel) need() int { return k.planes() + k.filters[0].Rows()*k.pitch() }

func (k *groupedKernel) Scratch(threads int) int { return threads * k.need() }

func (k *groupedKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) (err error) {
	if k.x, err = elements(xs[0], k.in*k.h*k.w); err != nil {
		return err
	}
	if k.y, err = elements(y, k.out*k.oh*k.ow); err != nil {
		return err
	}
	k.scratch, k.clamp, k.then = with.Scratch, with.Clamp, with.Then
	threads := 1
	if with.Team != nil {
		threads = with.Team.Threads()
	}
	for t := range threads {
		for ch := range k.in / k.groups {
			k.frame(k.scratch[t*k.need()+ch*k.plane():][:k.plane()], 0)
		}
	}
	if threads > 1 {
		with.Team.Do(k.groups, k)
		return nil
	}
	for g := range k.groups {
		k.Chunk(0, g)
	}
	return nil
}

// Chunk computes the outputs of one group.
func (k *groupedKernel) Chunk(thread, g int) {
	memory := k.scratch[thread*k.need():][:k.need()]
	planes, sums := memory[:k.planes()], memory[k.planes():]
	channels, rows, f := k.in/k.groups, k.out/k.groups, k.filters[g]
	for ch := range channels {
		k.inner(planes[ch*k.plane():][:k.plane()], k.x[(g*channels+ch)*k.h*k.w:][:k.h*k.w])
	}
	for oy := 0; oy < k.oh; oy += k.lines() {
		lines := min(k.lines(), k.oh-oy)
		f.Apply(sums, k.pitch(), planes[oy*k.pw:], (lines-1)*k.pw+k.ow, k.bias[g*f.Rows():][:f.Rows()], k.clamp)
		for r := range rows {
			f32.CopyRows(k.y[((g*rows+r)*k.oh+oy)*k.ow:], k.ow, sums[r*k.pitch():], k.pw, lines, k.ow)
		}
	}
	results := rows * k.oh * k.ow
	k.then.Rows(k.y, g*results, 1, results, results)
}
