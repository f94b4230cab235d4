package f32

import "unsafe"

// Seen as arrays, the four weights of a column, or two neighbours in a row of
// B, take one address and no bounds check: Go's loops then need a third of the
// naive loop's instructions for a product (testdata/insn/count.sh).
type (
	four = [4]float32
	two  = [2]float32
)

// affineGo is AffinePanels in plain Go: the four rows of a panel at once, so
// that each x[k] is loaded once for four products and four sums run side by
// side.
func (m *Matrix) affineGo(y, x, bias []float32, c Clamp, from, to int) {
	for p := from; p < to; p++ {
		columns := unsafe.Slice((*four)(unsafe.Pointer(&m.data[p*m.pitch()])), m.cols)
		row := p * 4
		for i, s := range columnsGo(columns, x) {
			if row+i >= m.rows {
				break
			}
			if bias != nil {
				s += bias[row+i]
			}
			y[row+i] = c.of(s)
		}
	}
}

// columnsGo sums columns times x; both are of the same length.
func columnsGo(columns []four, x []float32) four {
	var s0, s1, s2, s3 float32
	x = x[:len(columns)]
	for k := range columns {
		w, v := &columns[k], x[k]
		s0 += w[0] * v
		s1 += w[1] * v
		s2 += w[2] * v
		s3 += w[3] * v
	}
	return four{s0, s1, s2, s3}
}

// tileGo is a single strip in plain Go: 4 rows times 4 columns, two columns at a
// time, since more than eight sums do not stay in registers. B is packed.
func tileGo(s *strips) {
	columns := unsafe.Slice((*four)(unsafe.Pointer(s.w)), s.k)
	pairs := unsafe.Slice((*two)(unsafe.Pointer(s.b)), 2*s.k)
	rows := unsafe.Slice(s.c, 3*s.ldc+4)
	var init *four
	if s.init != nil {
		init = (*four)(unsafe.Pointer(s.init))
	}
	for j := 0; j < 4; j += 2 {
		for r, sums := range pairsGo(columns, pairs[j/2:]) {
			row := rows[r*s.ldc+j : r*s.ldc+j+2]
			for i, v := range sums {
				switch {
				case s.resume:
					v += row[i]
				case init != nil:
					v += init[r]
				}
				row[i] = Clamp{s.lo, s.hi}.of(v)
			}
		}
	}
}

// pairsGo sums columns of weights times every other of pairs.
func pairsGo(columns []four, pairs []two) [4]two {
	var s00, s01, s10, s11, s20, s21, s30, s31 float32
	for k := range columns {
		w, b := &columns[k], &pairs[2*k]
		s00 += w[0] * b[0]
		s01 += w[0] * b[1]
		s10 += w[1] * b[0]
		s11 += w[1] * b[1]
		s20 += w[2] * b[0]
		s21 += w[2] * b[1]
		s30 += w[3] * b[0]
		s31 += w[3] * b[1]
	}
	return [4]two{{s00, s01}, {s10, s11}, {s20, s21}, {s30, s31}}
}
