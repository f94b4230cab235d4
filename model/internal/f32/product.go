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

// Columns is the right-hand matrix of a product. Mul asks for it piece by
// piece, so it need not exist in memory: a convolution gathers its patches here.
type Columns interface {
	// Pack writes rows [row, row+rows) of columns [col, col+cols) to dst, row
	// after row, each `width` entries from the last. width >= cols; what lies
	// between is never used.
	Pack(dst []float32, width, row, rows, col, cols int)
}

// RowMajor is a matrix in memory, its rows Stride apart.
type RowMajor struct {
	Data   []float32
	Stride int
}

var _ Columns = (*RowMajor)(nil)

func (b *RowMajor) Pack(dst []float32, width, row, rows, col, cols int) {
	for r := range rows {
		at := (row+r)*b.Stride + col
		copy(dst[r*width:r*width+cols], b.Data[at:at+cols])
	}
}

// Scratch is the length of the scratch that Mul needs for n columns of B. Its
// values do not matter, before or after; concurrent calls need one each.
func (m *Matrix) Scratch(n int) int {
	s := shapes[m.isa]
	most := s.tiles * s.tileCols
	if n < most {
		most = (n + s.narrow - 1) / s.narrow * s.narrow
	}
	return min(s.depth, m.cols) * most
}

// Mul computes the whole product.
func (m *Matrix) Mul(p *Product, scratch []float32) {
	m.MulPart(p, scratch, 0, m.Panels(), 0, p.N)
}

// MulPart computes the rows that panels [from, to) hold of columns
// [left, right) and leaves the rest of C alone, so that threads may share one
// product. Splitting by columns packs no part of B twice.
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
	s := shapes[m.isa]
	rounds := (m.cols + s.depth - 1) / s.depth
	depth := (m.cols + rounds - 1) / rounds
	for j := left; j < right; j += s.tiles * s.tileCols {
		cols := min(s.tiles*s.tileCols, right-j)
		for k := 0; k < m.cols; k += depth {
			rows := min(depth, m.cols-k)
			for t := 0; t < cols; {
				wide, used := m.tileWidth(cols - t)
				p.B.Pack(scratch[t*rows:(t+wide)*rows], wide, k, rows, j+t, used)
				t += wide
			}
			for panel := from; panel < to; panel++ {
				m.mulPanel(p, scratch, panel, j, cols, k, rows)
				if k+rows == m.cols {
					first := panel * m.width
					p.Then.rows(m.isa, p.C, first*p.Ldc+j, min(m.width, m.rows-first), cols, p.Ldc)
				}
			}
		}
	}
}

// tileWidth is how wide a tile the next columns take, of `left` that are left,
// and how many of them are in it. A single one is a vector (7×7 pixels, a common
// size, leave one behind nearly every width) and computed as such.
func (m *Matrix) tileWidth(left int) (wide, used int) {
	s := shapes[m.isa]
	switch {
	case left >= s.tileCols:
		return s.tileCols, s.tileCols
	case left == 1 && m.isa != portable:
		return 1, 1
	}
	return s.narrow, min(left, s.narrow)
}

// mulPanel adds `rows` columns of one panel, from k on, times the packed part
// of B that holds `cols` columns from j on.
func (m *Matrix) mulPanel(p *Product, packed []float32, panel, j, cols, k, rows int) {
	s := shapes[m.isa]
	bounds := Linear
	if k+rows == m.cols {
		bounds = p.Clamp
	}
	for t := 0; t < cols; {
		wide, used := m.tileWidth(cols - t)
		b := packed[t*rows : (t+wide)*rows]
		if wide == 1 {
			m.column(p, b, panel, j+t, k, rows, bounds)
			break
		}
		for r := 0; r < m.width && panel*m.width+r < m.rows; r += s.tileRows {
			row := panel*m.width + r
			w := m.data[panel*m.pitch()+k*m.width+r:]
			at := row*p.Ldc + j + t
			if row+s.tileRows <= m.rows && used == wide {
				m.tile(p.C[at:], p.Ldc, w, b, part(p.Bias, row, row+s.tileRows), rows, wide, k > 0, bounds)
				continue
			}
			m.edge(p, at, w, b, row, rows, wide, used, k > 0, bounds)
		}
		t += wide
	}
}

// column adds `rows` columns of one panel, from k on, times a part of a single
// column of B, by the kernel for vectors.
func (m *Matrix) column(p *Product, b []float32, panel, j, k, rows int, bounds Clamp) {
	first := panel * m.width
	high := min(m.width, m.rows-first)
	var sums [maxWidth]float32
	switch {
	case k > 0:
		for r := range high {
			sums[r] = p.C[(first+r)*p.Ldc+j]
		}
	case p.Bias != nil:
		copy(sums[:high], p.Bias[first:])
	}
	affine(m.isa, &sums[0], &m.data[panel*m.pitch()+k*m.width], &b[0], &sums[0], rows, 1, 0, bounds.Min, bounds.Max)
	for r := range high {
		p.C[(first+r)*p.Ldc+j] = sums[r]
	}
}

// edge computes a tile that reaches beyond C by way of the stack.
func (m *Matrix) edge(p *Product, at int, w, b []float32, row, rows, wide, used int, resume bool, bounds Clamp) {
	high := min(shapes[m.isa].tileRows, m.rows-row)
	var out [maxTile]float32
	var in [maxWidth]float32
	var init []float32
	if p.Bias != nil {
		copy(in[:high], p.Bias[row:])
		init = in[:]
	}
	if resume {
		for r := range high {
			copy(out[r*wide:r*wide+used], p.C[at+r*p.Ldc:])
		}
	}
	m.tile(out[:], wide, w, b, init, rows, wide, resume, bounds)
	for r := range high {
		copy(p.C[at+r*p.Ldc:at+r*p.Ldc+used], out[r*wide:])
	}
}

func (m *Matrix) tile(c []float32, ldc int, w, b, init []float32, rows, wide int, resume bool, bounds Clamp) {
	if m.isa == portable {
		tileGo(c, ldc, w, b, init, rows, resume, bounds)
		return
	}
	tile(m.isa, wide, &c[0], ldc, &w[0], &b[0], head(init), rows, resume, bounds.Min, bounds.Max)
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
