package f32

import "fmt"

// Product says what Mul computes: C = W B + bias, bounded by Clamp.
type Product struct {
	C     []float32 // Rows×N, row-major
	Ldc   int       // distance between rows of C, at least N
	B     Columns   // Cols×N
	N     int
	Bias  []float32 // one for each row of C, or nil
	Clamp Clamp
	Then  Epilogue // of C: what becomes of a block of it while that is in the cache
}

// sums says that the product is added to another tensor, and that is all that becomes
// of it. A kernel may begin with the other's numbers then, and need not come back.
func (p *Product) sums() bool {
	return p.Clamp == Linear && p.Then.Other != nil && p.Then.Pair == Add && p.Then.Function.kind == identity
}

// Scratch is the length of the scratch that Mul needs for n columns of B. Its
// values do not matter, before or after; concurrent calls need one each.
func (m *Matrix) Scratch(n int) int {
	if m.cols == 0 {
		return 0
	}
	if m.halved() {
		return m.halfScratch()
	}
	s := &shapes[m.isa]
	most := s.tiles * s.tileCols
	if n < most {
		most = (n + s.narrow - 1) / s.narrow * s.narrow
	}
	return min(s.depth, m.cols)*most + s.tileCols + m.room(s.group)
}

// Mul computes the whole product.
func (m *Matrix) Mul(p *Product, scratch []float32) {
	m.MulPart(p, scratch, 0, m.Panels(), 0, p.N)
}

// MulPart computes the rows that panels [from, to) hold of columns
// [left, right) and leaves the rest of C alone, so that threads may share one
// product. Splitting by columns packs no part of B twice.
//
// The work is cut so that each level of the cache holds what is read again: the
// first one a tile of B, the second one a group of W's panels.
//
//	            columns: some tiles              one tile
//	          ┌────────────────────┐             ┌──┐
//	W ──▶     │ a round of B       │  times      │  │
//	depth     │ is packed once     │             └──┘
//	columns   └────────────────────┘
//
// Where all of W is a small matter, a tile goes through all rounds before the
// next: then it is still in the first level when it has been packed. An epilogue
// is worth its call for a whole block only, and so is making float32s of weights in
// fewer bits.
func (m *Matrix) MulPart(p *Product, scratch []float32, from, to, left, right int) {
	m.checkProduct(p, scratch, from, to, left, right)
	if from >= to || left >= right {
		return
	}
	if m.cols == 0 {
		for r := from * m.width; r < min(to*m.width, m.rows); r++ {
			row := p.C[r*p.Ldc+left : r*p.Ldc+right]
			for j := range row {
				p.Clamp.fill(row[j:j+1], part(p.Bias, r, r+1))
			}
			p.Then.rows(m.isa, p.C, r*p.Ldc+left, 1, right-left, p.Ldc)
		}
		return
	}
	if m.halved() {
		m.mulHalves(p, scratch, from, to, left, right)
		return
	}
	s := &shapes[m.isa]
	depth := m.even(s.depth)
	width := s.tileCols
	if (to-from)*m.pitch() > s.reread || !p.Then.None() || m.reduced != nil {
		width *= s.tiles
		// Blocks of about the same width, or the last one might read all of W for a few columns.
		blocks := (right - left + width - 1) / width
		width = ((right-left+blocks-1)/blocks + s.tileCols - 1) / s.tileCols * s.tileCols
	}
	b := block{p: p, there: m.inPlace(p.B, from, to), packed: scratch[m.room(s.group):], room: scratch, clamp: p.Clamp}
	if p.sums() && s.onto {
		b.onto, b.clamp = p.Then.Other, p.Then.Clamp
	}
	for b.col = left; b.col < right; b.col += width {
		b.cols = min(width, right-b.col)
		for b.row = 0; b.row < m.cols; b.row += depth {
			b.rows = min(depth, m.cols-b.row)
			m.gather(&b)
			for panel := from; panel < to; panel += s.group {
				end := min(panel+s.group, to)
				m.reach(&b, panel, end)
				if s.fetches && end == to {
					b.ahead = m.next(&b, depth, width, right)
				}
				m.mulBlock(&b, panel, end)
				b.ahead = ahead{}
				if b.row+b.rows == m.cols && b.onto == nil {
					first := panel * m.width
					p.Then.rows(m.isa, p.C, first*p.Ldc+b.col, min(end*m.width, m.rows)-first, b.cols, p.Ldc)
				}
			}
		}
	}
}

// mulBlock adds a block of B, times the weights for it, to the rows that panels
// [from, to) hold.
func (m *Matrix) mulBlock(b *block, from, to int) {
	for t := 0; t < b.cols; {
		wide, used := m.tileWidth(b.cols - t)
		if wide == 1 {
			m.column(b, t, from, to)
		} else {
			m.strips(b, t, wide, used, from, to)
		}
		t += wide
	}
}

// tileWidth is how wide a tile the next columns take, of `left` that are left,
// and how many of them are in it. A single one is a vector (7×7 pixels, a common
// size, leave one behind nearly every width) and computed as such.
func (m *Matrix) tileWidth(left int) (wide, used int) {
	s := &shapes[m.isa]
	switch {
	case left >= s.tileCols:
		return s.tileCols, s.tileCols
	case left == 1 && m.isa != portable:
		return 1, 1
	case partialTiles && left > s.narrow && m.isa == avx512:
		if left > s.middle {
			return s.tileCols, left
		}
		return s.middle, left
	}
	return s.narrow, min(left, s.narrow)
}

func (m *Matrix) checkProduct(p *Product, scratch []float32, from, to, left, right int) {
	switch {
	case from < 0 || to > m.Panels() || left < 0 || right > p.N:
		panic(fmt.Sprintf("f32: part [%d, %d) × [%d, %d) of %d panels × %d", from, to, left, right, m.Panels(), p.N))
	case p.Ldc < p.N || m.rows > 0 && p.N > 0 && len(p.C) < (m.rows-1)*p.Ldc+p.N:
		panic(fmt.Sprintf("f32: C of %d entries, rows %d apart, for %d×%d", len(p.C), p.Ldc, m.rows, p.N))
	case p.Bias != nil && len(p.Bias) != m.rows:
		panic(fmt.Sprintf("f32: bias of %d entries for %d rows", len(p.Bias), m.rows))
	case left < right && len(scratch) < m.Scratch(right-left):
		panic(fmt.Sprintf("f32: scratch of %d entries, %d needed", len(scratch), m.Scratch(right-left)))
	}
}
