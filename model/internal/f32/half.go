package f32

import "unsafe"

// MultipliesHalves says whether this processor computes in half precision.
func MultipliesHalves() bool { return multipliesHalves }

// Products in half precision are computed in tiles of 8 rows and 24 columns, or for
// the last columns of 16 rows and 8 columns.
const (
	halfRows, halfCols         = 8, 24
	halfLastRows, halfLastCols = 16, 8

	chunkHalf = 64  // products that are added up as halves
	halfDepth = 512 // columns of W in a round
	halfTiles = 8   // tiles of B at a time
	asPacked  = 12  // columns of a tile of float32s: two make a wide one
)

// halved says that the matrix multiplies in half precision.
func (m *Matrix) halved() bool {
	return multipliesHalves && m.reduced != nil && m.reduced.format == Float16Arithmetic
}

// mulHalves is MulPart in half precision. Tiles of B become halves, the weights are
// taken where they are, and C holds the sums as float32s between one chunk of
// columns of W and the next.
func (m *Matrix) mulHalves(p *Product, scratch []float32, from, to, left, right int) {
	depth := m.even(halfDepth)
	h := halfBlock{m: m, p: p, depth: depth}
	h.packed, h.room = words(scratch[:halfTiles*halfCols/2*depth]), scratch[halfTiles*halfCols/2*depth:]
	for h.col = left; h.col < right; h.col += halfTiles * halfCols {
		h.cols = min(halfTiles*halfCols, right-h.col)
		for h.row = 0; h.row < m.cols; h.row += depth {
			h.rows = min(depth, m.cols-h.row)
			h.each(h.pack)
			h.each(func(t, wide, used int) { h.multiply(t, wide, used, from, to) })
		}
		first := from * m.width
		p.Then.rows(m.isa, p.C, first*p.Ldc+h.col, min(to*m.width, m.rows)-first, h.cols, p.Ldc)
	}
}

// halfScratch is what mulHalves needs.
func (m *Matrix) halfScratch() int {
	return halfTiles*halfCols/2*m.even(halfDepth) + chunkHalf*halfCols + asPacked + halfRows*halfCols
}

// halfBlock is rows [row, row+rows) of columns [col, col+cols) of B as halves.
type halfBlock struct {
	m         *Matrix
	p         *Product
	packed    []uint16 // tiles, one behind the other, of depth rows each
	room      []float32
	depth     int
	row, rows int
	col, cols int
}

// each does something with each tile: from column t of the block on, so wide, and so
// many columns of it used.
func (h *halfBlock) each(do func(t, wide, used int)) {
	for t := 0; t < h.cols; {
		wide := halfCols
		if h.cols-t <= 2*halfLastCols {
			wide = halfLastCols
		}
		do(t, wide, min(wide, h.cols-t))
		t += wide
	}
}

// pack makes halves of a tile: of B itself where that is in memory, or of some packed
// rows after the other.
func (h *halfBlock) pack(t, wide, used int) {
	dst := h.packed[t*h.depth:]
	if in, ok := h.p.B.(*RowMajor); ok && used == wide {
		src := in.Data[h.row*in.Stride+h.col+t:][:(h.rows-1)*in.Stride+wide]
		narrowHalf(&dst[0], wide, &src[0], &src[wide/2], in.Stride, h.rows)
		return
	}
	for r := 0; r < h.rows; r += chunkHalf {
		rows := min(chunkHalf, h.rows-r)
		h.p.B.Pack(h.room, asPacked, h.row+r, rows, h.col+t, used)
		narrowHalf(&dst[r*wide], wide, &h.room[0], &h.room[rows*asPacked], asPacked, rows)
	}
}

// multiply computes a tile of the block for the rows of panels [from, to). What
// reaches beyond C goes by way of memory of its own.
func (h *halfBlock) multiply(t, wide, used, from, to int) {
	m, p := h.m, h.p
	row, end, col, high := from*m.width, min(to*m.width, m.rows), h.col+t, halfRows
	if wide == halfLastCols {
		high = halfLastRows
	}
	s := strips{
		b: (*float32)(unsafe.Pointer(&h.packed[t*h.depth])), ldc: p.Ldc, pitch: m.pitch(), k: h.rows,
		lo: Linear.Min, hi: Linear.Max, resume: h.row > 0,
	}
	if h.row+h.rows == m.cols {
		s.lo, s.hi = p.Clamp.Min, p.Clamp.Max
	}
	if whole := (end - row) / high; whole > 0 && used == wide && (p.Bias != nil || high == halfRows) {
		s.c, s.w, s.count, s.init = &p.C[row*p.Ldc+col], h.weight(row), whole, head(part(p.Bias, row, row+whole*high))
		tileHalf(wide, &s)
		row += whole * high
	}
	out := h.room[len(h.room)-halfRows*halfCols:]
	var bias [halfLastRows]float32
	s.c, s.ldc, s.count, s.init = &out[0], wide, 1, &bias[0]
	for ; row < end; row += high {
		rows := min(high, end-row)
		copy(bias[:], part(p.Bias, row, row+rows))
		for r := 0; s.resume && r < rows; r++ {
			copy(out[r*wide:][:used], p.C[(row+r)*p.Ldc+col:])
		}
		s.w = h.weight(row)
		tileHalf(wide, &s)
		for r := range rows {
			copy(p.C[(row+r)*p.Ldc+col:][:used], out[r*wide:])
		}
	}
}

// weight is where the weights of a strip from row r on are.
func (h *halfBlock) weight(r int) *float32 {
	m := h.m
	return (*float32)(unsafe.Pointer(&m.reduced.half[r/m.width*m.pitch()+h.row*m.width+r%m.width]))
}
