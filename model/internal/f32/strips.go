package f32

import "unsafe"

// strips is what one call of a tile kernel computes: a tile of B times strips of
// the weights, one below the other, each a tile of C.
//
//	               B: k rows, ldb apart ─▶ ░░░░░░░░░░░░
//	W: k columns of a strip  ▒▒▒▒▒▒▒▒      C, ldc apart: strip 0
//	                         ▒▒▒▒▒▒▒▒                    strip 1
//	                         ...
//
// Assembly knows the fields by go_asm.h.
type strips struct {
	c, w, b *float32
	init    *float32 // the bias of the first row, or nil; it is added to what is resumed, too, but on ARM
	ldc     int      // in floats, as the others
	ldb     int
	pitch   int // of panels
	k       int
	count   int // strips
	high    int // rows of C in the last strip
	lo, hi  float32
	resume  bool // go on from what is in C, or apart bytes from it
	//lint:ignore U1000 arm64 alone has two ways to load
	halves bool   // load half a register at a time, see loadsHalves
	mask   uint16 // the columns of C in the last vector, as bits: AVX-512
	apart  int

	fetch    int     // rows to fetch before each strip
	ahead    uintptr // the first of them, and their distance in bytes
	ldbAhead int
}

// strips computes a tile of the block for all rows of panels [from, to). What
// reaches beyond C goes by way of the stack.
func (m *Matrix) strips(b *block, t, wide, used int, from, to int) {
	data, ldb := b.tile(t, wide, used)
	p, bounds := b.p, Linear
	if b.row+b.rows == m.cols {
		bounds = b.clamp
	}
	begun := b.begun()
	var s strips
	s.b, s.ldb, s.ldc, s.pitch, s.k = &data[0], ldb, p.Ldc, b.pitch, b.rows
	s.lo, s.hi, s.resume = bounds.Min, bounds.Max, begun != nil
	high := shapes[m.isa].tileRows
	if wide < shapes[m.isa].tileCols && !(partialTiles && wide == shapes[m.isa].middle) {
		high = shapes[m.isa].narrowRows
	}
	if partialTiles && m.isa == avx512 {
		s.mask = 1<<(used-wide+shapes[m.isa].narrow) - 1
		used = wide // for which nothing is to be done elsewhere
	}
	row, end := from*m.width, min(to*m.width, m.rows)
	col := b.col + t
	if whole := (end - row) / high; whole > 0 && used == wide && m.isa != portable {
		s.c, s.w, s.count, s.high = &p.C[row*p.Ldc+col], m.weight(b, row), whole, high
		s.init, s.apart = head(part(b.bias(), row, row+whole*high)), apart(begun, p.C)
		if next := &b.ahead; next.rows > 0 {
			s.ahead, s.ldbAhead = uintptr(unsafe.Pointer(unsafe.SliceData(next.data)))+uintptr(4*t), 4*next.stride
			s.fetch = ceil(next.rows, whole) // a division, which costs a Cortex-A7 some fifty instructions
		}
		tile(m.isa, wide, &s)
		s.fetch = 0
		row += whole * high
	}
	s.count = 1
	for ; row < end; row += high {
		m.lastRows(&s, b, row, min(high, end-row), col, wide, used)
	}
}

// apart is how many bytes a matrix lies from C; none does not matter.
func apart(from, c []float32) int {
	if from == nil {
		return 0
	}
	return int(uintptr(unsafe.Pointer(&from[0])) - uintptr(unsafe.Pointer(&c[0])))
}

// weight is where the weights of row r for a block are; those of the strip's
// other rows follow.
func (m *Matrix) weight(b *block, r int) *float32 {
	return &b.weights[(r/m.width-b.first)*b.pitch+r%m.width]
}

// lastRows computes a strip of which C has fewer rows or columns than the tile.
func (m *Matrix) lastRows(of *strips, b *block, row, high, col, wide, used int) {
	p, s := b.p, *of
	var in [maxWidth]float32
	s.init = nil
	if bias := b.bias(); bias != nil {
		copy(in[:high], bias[row:])
		s.init = &in[0]
	}
	begun := b.begun()
	s.w, s.high = m.weight(b, row), high
	if used == wide && m.isa != portable {
		s.c, s.apart = &p.C[row*p.Ldc+col], apart(begun, p.C)
		tile(m.isa, wide, &s)
		return
	}
	var out [maxNarrow]float32
	if s.resume {
		for r := range high {
			copy(out[r*wide:r*wide+used], begun[(row+r)*p.Ldc+col:])
		}
	}
	s.c, s.ldc, s.apart = &out[0], wide, 0
	if m.isa == portable {
		tileGo(&s)
	} else {
		tile(m.isa, wide, &s)
	}
	for r := range high {
		copy(p.C[(row+r)*p.Ldc+col:][:used], out[r*wide:])
	}
}

// column computes a single column of a block by the kernel for vectors.
func (m *Matrix) column(b *block, t, from, to int) {
	x, _ := b.tile(t, 1, 1)
	p, bounds := b.p, Linear
	if b.row+b.rows == m.cols {
		bounds = b.clamp
	}
	begun, bias := b.begun(), b.bias()
	for panel := from; panel < to; panel++ {
		first := panel * m.width
		high := min(m.width, m.rows-first)
		var sums [maxWidth]float32
		if bias != nil {
			copy(sums[:high], bias[first:])
		}
		if begun != nil {
			for r := range high {
				sums[r] += begun[(first+r)*p.Ldc+b.col+t]
			}
		}
		affine(m.isa, &sums[0], m.weight(b, first), &x[0], &sums[0], b.rows, 1, 0, bounds.Min, bounds.Max)
		for r := range high {
			p.C[(first+r)*p.Ldc+b.col+t] = sums[r]
		}
	}
}
