package op

// A window that reaches far may have rows or columns that see nothing but padding, wherever it is: of a 3×3 window with
// dilation 24 on 14 rows only the one in the middle ever sees a number, as in the atrous pyramid of DeepLab on small
// pictures. They are left out: they add zeros.

// trim leaves out the rows and columns at the ends of the window that see only padding.
func (c *convOp) trim() {
	if c.weights.quantised != nil {
		return
	}
	rows, cols := c.seeing(0, c.h, c.oh), c.seeing(1, c.w, c.ow)
	if rows.all && cols.all {
		return
	}
	c.full = c.elements()
	for y := rows.first; y <= rows.last; y++ {
		for x := cols.first; x <= cols.last; x++ {
			c.kept = append(c.kept, y*c.kernel[1]+x)
		}
	}
	for axis, s := range []seeing{rows, cols} {
		c.kernel[axis] = s.last - s.first + 1
		c.before[axis] -= s.first * c.dilation[axis]
	}
}

// seeing is which rows or columns of a window are needed.
type seeing struct {
	first, last int
	all         bool
}

// seeing finds those that see one of so many inputs from at least one output. It is all of them where the padding that is left
// would be less than none.
func (c *convOp) seeing(axis, inputs, outputs int) seeing {
	kernel, stride, dilation, before := c.kernel[axis], c.stride[axis], c.dilation[axis], c.before[axis]
	all := seeing{0, kernel - 1, true}
	s := seeing{first: kernel}
	for k := range kernel {
		for o := range outputs {
			if at := o*stride - before + k*dilation; at >= 0 && at < inputs {
				s.first, s.last = min(s.first, k), k
				break
			}
		}
	}
	if s.first == kernel || s.first == 0 && s.last == kernel-1 || before < s.first*dilation {
		return all
	}
	return s
}

// blocks reads the filters as Constant.blocks does, without what was left out of them.
func (c *convOp) blocks(rows, cols, first int, f func(row int, block []float32)) error {
	if c.kept == nil {
		return c.weights.blocks(rows, cols, first, f)
	}
	channels := cols / len(c.kept)
	return c.weights.blocks(rows, channels*c.full, first, func(row int, block []float32) {
		some := make([]float32, 0, len(block)/c.full*len(c.kept))
		for at := 0; at < len(block); at += c.full {
			for _, k := range c.kept {
				some = append(some, block[at+k])
			}
		}
		f(row, some)
	})
}
