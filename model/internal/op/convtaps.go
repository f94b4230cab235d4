package op

import (
	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// tapsKernel is a convolution whose window reaches so far that most of its elements see a part of the plane only, as in the
// atrous pyramid of DeepLab: with dilation 12 on 14 rows the upper row of a 3×3 window sees the first two of them, from the
// last two rows of outputs. Each element is a product of its own, of the outputs that see something through it:
//
//	outputs   0 1 2 3 … 11 12 13
//	upper     . . . . …  .  ■  ■   of inputs 0 and 1
//	middle    ■ ■ ■ ■ …  ■  ■  ■   of all inputs
//	lower     ■ ■ . . …  .  .  .   of inputs 12 and 13
//
// The padding is multiplied with nothing, and so needs no place.
type tapsKernel struct {
	*convOp
	seen []seenTap // the first one sees the whole plane, if one does
	bias []float32
	most int // outputs of the largest of the others

	product f32.Product // kept here so that it is not allocated
}

// seenTap is one element of the window: the outputs that see something through it, and what they see.
type seenTap struct {
	patches
	window window // of what it sees alone
	matrix *f32.Matrix
	row    int // of outputs, the first one
	col    int
}

// seenThrough is how many rows (or columns) of outputs see something through an element of the window, and the first of them.
func (c *convOp) seenThrough(axis, k int) (first, count int) {
	inputs, outputs := [2]int{c.h, c.w}[axis], [2]int{c.oh, c.ow}[axis]
	above := c.before[axis] - k*c.dilation[axis]
	first = max(0, above)
	return first, max(0, min(outputs, inputs+above)-first)
}

// seenInputs is how many outputs see something through each element of the window.
func (c *convOp) seenInputs() (counts []int) {
	for ky := range c.kernel[0] {
		for kx := range c.kernel[1] {
			_, rows := c.seenThrough(0, ky)
			_, cols := c.seenThrough(1, kx)
			counts = append(counts, rows*cols)
		}
	}
	return counts
}

// byTaps says whether that is faster than to multiply the padding, too: the products of single elements have to be added up.
func (c *convOp) byTaps() bool {
	if c.groups != 1 || c.stride != [2]int{1, 1} || c.dilation == [2]int{1, 1} || c.elements() == 1 || c.weights.quantised != nil {
		return false
	}
	cost := 0.0
	for _, n := range c.seenInputs() {
		cost += f32.ProductCost(c.out, c.in, n) + float64(c.out*n) + float64(c.in*n)/2
	}
	return cost < 0.9*c.plainCost()
}

func (c *convOp) loadTaps(scale, shift []float32) (Kernel, error) {
	k := &tapsKernel{convOp: c, bias: shift}
	var of []int // the elements of the window
	for tap := range c.elements() {
		var s seenTap
		s.window.pw = c.w
		ky, kx := tap/c.kernel[1], tap%c.kernel[1]
		s.row, s.window.oh = c.seenThrough(0, ky)
		s.col, s.window.ow = c.seenThrough(1, kx)
		if s.window.oh == 0 || s.window.ow == 0 {
			continue
		}
		first := (s.row+ky*c.dilation[0]-c.before[0])*c.w + s.col + kx*c.dilation[1] - c.before[1]
		off := make([]int, c.in)
		for channel := range off {
			off[channel] = channel*c.h*c.w + first
		}
		s.off = f32.NewOffsets(off)
		k.seen, of = append(k.seen, s), append(of, tap)
		if last := len(of) - 1; s.window.oh == c.oh && s.window.ow == c.ow {
			k.seen[0], k.seen[last] = k.seen[last], k.seen[0]
			of[0], of[last] = of[last], of[0]
		}
	}
	for i := range k.seen {
		s := &k.seen[i]
		s.patches.window = &s.window
		s.matrix = f32.New(c.out, c.in)
		if i > 0 || !k.whole() {
			k.most = max(k.most, s.window.oh*s.window.ow)
		}
	}
	each := c.in * c.elements()
	one := make([]float32, c.in)
	err := c.blocks(c.out, each, 0, func(row int, block []float32) {
		for r := range len(block) / each {
			for i, tap := range of {
				for channel := range one {
					one[channel] = scale[row+r] * block[r*each+channel*c.elements()+tap]
				}
				k.seen[i].matrix.SetRows(row+r, one)
			}
		}
	})
	if err != nil {
		k.Free()
		return nil, err
	}
	return k, nil
}

// whole says that the first element sees something from every output.
func (k *tapsKernel) whole() bool {
	return len(k.seen) > 0 && k.seen[0].window.oh == k.oh && k.seen[0].window.ow == k.ow
}

func (k *tapsKernel) Store(f f32.Format) (bytes int) {
	for i := range k.seen {
		bytes += stores(f, k.seen[i].matrix)
	}
	return bytes
}

func (k *tapsKernel) Free() {
	for i := range k.seen {
		k.seen[i].matrix.Free()
	}
}

// Scratch is the products of an element, and what the product needs.
func (k *tapsKernel) Scratch(threads int) int {
	product := 0
	for i := range k.seen {
		product = max(product, k.seen[i].matrix.Scratch(k.oh*k.ow))
	}
	return k.out*k.most + threads*product
}

func (k *tapsKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error {
	x, err := elements(xs[0], k.in*k.h*k.w)
	if err != nil {
		return err
	}
	c, err := elements(y, k.out*k.oh*k.ow)
	if err != nil {
		return err
	}
	sums, scratch := with.Scratch[:k.out*k.most], with.Scratch[k.out*k.most:]
	if !k.whole() {
		for channel, bias := range k.bias {
			fill(c[channel*k.oh*k.ow:][:k.oh*k.ow], bias)
		}
	}
	for i := range k.seen {
		s := &k.seen[i]
		s.x = x
		count := s.window.oh * s.window.ow
		k.product = f32.Product{C: sums, Ldc: count, B: &s.patches, N: count, Clamp: f32.Linear}
		if i == 0 && k.whole() {
			k.product.C, k.product.Bias = c, k.bias
		}
		if with.Team != nil {
			with.Team.Mul(s.matrix, &k.product, scratch)
		} else {
			s.matrix.Mul(&k.product, scratch)
		}
		if i > 0 || !k.whole() {
			k.add(c, sums, s)
		}
	}
	if with.Clamp != f32.Linear {
		f32.Bounded(with.Clamp).Apply(c, c)
	}
	with.Then.Rows(c, 0, 1, len(c), len(c))
	return nil
}

// add adds the products of an element to the outputs that see something through it.
func (k *tapsKernel) add(y, sums []float32, s *seenTap) {
	for channel := range k.out {
		for row := range s.window.oh {
			to := y[(channel*k.oh+s.row+row)*k.ow+s.col:][:s.window.ow]
			for i, v := range sums[:s.window.ow] {
				to[i] += v
			}
			sums = sums[s.window.ow:]
		}
	}
}
