package f32

import (
	"math"
	"unsafe"
)

// The product of weights in fewer bits with one vector. They are made float32 in
// registers; or the vector is made integers, too, where that takes fewer
// instructions; or a piece after the other goes by way of the stack.

// someColumns of a vector are multiplied at a time: few enough that integers for
// them are on the stack without much ado, and enough that what is fetched ahead of
// them, and not used then, is little.
const someColumns = 128 * group

// affineReduced is AffinePanels for weights that are not float32.
func (m *Matrix) affineReduced(y, x, bias []float32, c Clamp, from, to int) {
	first, last := from*m.width, min(to*m.width, m.rows)
	clear(y[first:last])
	copy(y[first:last], part(bias, first, last))
	whole := m.reduced.format == Int8 && reducedKernels[m.isa].integers
	var integers [someColumns]int16
	for k := 0; k < m.cols; k += someColumns {
		some, step := x[k:min(k+someColumns, m.cols)], float32(1)
		if whole {
			step = round(integers[:], some)
		}
		for p, n := from, 1; p < to; p += n {
			if n = m.streams(); p+n > min(to, m.rows/m.width) {
				n = 1
			}
			rows := y[p*m.width : min((p+n)*m.width, m.rows)]
			if whole && len(rows) == m.width {
				m.addIntegers(rows, p, k, integers[:len(some)], step)
				continue
			}
			var sums [maxStreams * maxWidth]float32
			switch {
			case whole:
				m.addIntegers(sums[:], p, k, integers[:len(some)], step)
			case n > 1:
				m.sumPanels(&sums, p, k, some)
			default:
				m.sumPanel((*[maxWidth]float32)(sums[:]), p, k, some)
			}
			for r := range rows {
				rows[r] += sums[r]
			}
		}
	}
	if c != Linear {
		for r, v := range y[first:last] {
			y[first+r] = c.of(v)
		}
	}
}

// addIntegers adds columns of a panel, from k on, times integers of so large a step.
func (m *Matrix) addIntegers(y []float32, p, k int, x []int16, step float32) {
	affineIntegers(&y[0], &m.reduced.bytes[p*m.pitch()+k*m.width], &x[0], &m.scales(p, k)[0], len(x), step)
}

// maxStreams is how many panels are summed up together at most.
const maxStreams = 4

// streams is how many panels there are kernels for that read them together.
func (m *Matrix) streams() int {
	if m.reduced.half != nil {
		return max(1, reducedKernels[m.isa].halves)
	}
	return max(1, reducedKernels[m.isa].bytes)
}

// sumPanels is sumPanel for as many panels as there are streams.
func (m *Matrix) sumPanels(sums *[maxStreams * maxWidth]float32, p, k int, x []float32) {
	s, at := m.reduced, p*m.pitch()+k*m.width
	if s.half != nil {
		halfPanels(m.isa, &sums[0], &s.half[at], &x[0], len(x), 2*m.pitch())
	} else {
		bytePanels(m.isa, &sums[0], &s.bytes[at], &x[0], &m.scales(p, k)[0], len(x), m.pitch(), 4*m.groups()*m.width)
	}
}

// sumPanel sums columns of a panel, from k on, times x.
func (m *Matrix) sumPanel(sums *[maxWidth]float32, p, k int, x []float32) {
	s, at := m.reduced, p*m.pitch()+k*m.width
	switch {
	case !reducedKernels[m.isa].direct:
		m.sumPieces(sums, p, k, x)
	case s.half != nil:
		affineHalf(m.isa, &sums[0], &s.half[at], &x[0], len(x))
	default:
		affineBytes(m.isa, &sums[0], &s.bytes[at], &x[0], &m.scales(p, k)[0], len(x))
	}
}

// sumPieces is sumPanel by way of float32s on the stack.
func (m *Matrix) sumPieces(sums *[maxWidth]float32, p, k int, x []float32) {
	var room piece
	for len(x) > 0 {
		cols := min(pieceColumns, len(x))
		w := m.weights(p, k, cols, room[:])
		if m.isa == portable {
			for r, v := range columnsGo(unsafe.Slice((*four)(unsafe.Pointer(&w[0])), cols), x[:cols]) {
				sums[r] += v
			}
		} else {
			affine(m.isa, &sums[0], &w[0], &x[0], &sums[0], cols, 1, 0, Linear.Min, Linear.Max)
		}
		k, x = k+cols, x[cols:]
	}
}

// round makes integers of floats, none larger than 127 x 256, and gives what 1 stands
// for: their error is at most 1/65024 of the largest.
func round(to []int16, from []float32) (step float32) {
	bits := uint32(0) // without a sign these are in the order of the numbers, and NaN is above
	for _, v := range from {
		bits = max(bits, math.Float32bits(v)&^(1<<31))
	}
	most := math.Float32frombits(bits)
	if most < 1e-30 {
		clear(to[:len(from)])
		return 0
	}
	step = most / (127 * 256)
	by := 1 / step
	for i, v := range from {
		// The last bits of a float of this size are the whole part, rounded to even.
		const large = 3 << 22
		to[i] = int16(math.Float32bits(v*by + large))
	}
	return step
}
