package f32

import "fmt"

// callBytes bounds the weights one assembly call reads: a quarter of a millisecond
// at the 1 GB/s of a slow Pi and the 4 of a slow PC, time in which no goroutine of
// that thread can be stopped. The four panels that amd64 reads at a time fit in.
var callBytes = [isaCount]int{avx2: 1 << 20, avx512: 1 << 20, neon64: 256 << 10, neon32: 256 << 10}

// Affine computes y = W x + bias, bounded by c. y has Rows entries, x Cols;
// bias has Rows or is nil. y must not overlap x or bias.
func (m *Matrix) Affine(y, x, bias []float32, c Clamp) {
	m.AffinePanels(y, x, bias, c, 0, m.Panels())
}

// AffinePanels computes the part of Affine that panels [from, to) hold and
// leaves the rest of y alone, so that threads may share one product. Where `from` is
// a multiple of Together, results are the same to the last bit however it is split.
func (m *Matrix) AffinePanels(y, x, bias []float32, c Clamp, from, to int) {
	m.check(y, x, bias)
	if from < 0 || to > m.Panels() {
		panic(fmt.Sprintf("f32: panels [%d, %d) of %d", from, to, m.Panels()))
	}
	if from >= to {
		return
	}
	first, last := from*m.width, min(to*m.width, m.rows)
	if m.cols == 0 {
		c.fill(y[first:last], part(bias, first, last))
		return
	}
	if m.reduced != nil {
		m.affineReduced(y, x, bias, c, from, to)
		return
	}
	if m.isa == portable {
		m.affineGo(y, x, bias, c, from, to)
		return
	}
	whole := min(to, m.rows/m.width)
	step := max(1, callBytes[m.isa]/(4*m.pitch()))
	if together := shapes[m.isa].together; step > together {
		step -= step % together
	}
	for p, n := from, 0; p < whole; p += n {
		n = min(step-p%step, whole-p)
		first, last := p*m.width, (p+n)*m.width
		m.affineWhole(y[first:last], x, part(bias, first, last), c, p, n)
	}
	if whole < to { // the last panel is not full: its rows go by way of the stack
		first = whole * m.width
		var out, in [maxWidth]float32
		var init []float32
		if bias != nil {
			copy(in[:], bias[first:])
			init = in[:m.width]
		}
		m.affineWhole(out[:m.width], x, init, c, whole, 1)
		copy(y[first:], out[:])
	}
}

// affineWhole computes full panels. One panel that is too long for one call is
// cut by columns, and each call goes on from the sums of the one before.
func (m *Matrix) affineWhole(y, x, init []float32, c Clamp, p, n int) {
	columns := callBytes[m.isa] / (4 * m.width)
	if m.cols <= columns {
		affine(m.isa, &y[0], &m.data[p*m.pitch()], &x[0], head(init), m.cols, n, 4*m.pitch(), c.Min, c.Max)
		return
	}
	for k := 0; k < m.cols; k += columns {
		bounds := Linear
		if k+columns >= m.cols {
			bounds = c
		}
		affine(m.isa, &y[0], &m.data[p*m.pitch()+k*m.width], &x[k], head(init),
			min(columns, m.cols-k), 1, 4*m.pitch(), bounds.Min, bounds.Max)
		init = y
	}
}

// Together is how many panels the kernel for one vector reads at a time. It sums up
// their rows in another order than those of a panel that is left over.
func (m *Matrix) Together() int { return shapes[m.isa].together }

func (m *Matrix) check(y, x, bias []float32) {
	if len(y) != m.rows || len(x) != m.cols || bias != nil && len(bias) != m.rows {
		panic(fmt.Sprintf("f32: y %d, x %d, bias %d entries for %d×%d", len(y), len(x), len(bias), m.rows, m.cols))
	}
}

// part is s[from:to], or nil for nil.
func part(s []float32, from, to int) []float32 {
	if s == nil {
		return nil
	}
	return s[from:to]
}

// head is the address of the first entry, or nil.
func head(s []float32) *float32 {
	if len(s) == 0 {
		return nil
	}
	return &s[0]
}
