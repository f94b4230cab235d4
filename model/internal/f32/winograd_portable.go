package f32

import "math"

// The transforms of Winograd, four tiles side by side. With the points ±p in pairs
// a row of Bᵀ is an even part and, p times, an odd one; Aᵀ likewise takes sums and
// differences.

func winogradInputGo(size int, v []float32, stride int, x []float32, t *Tiles) {
	n := size + 2
	var d [8][8]four
	for at := 0; at < len(t.at); at += 4 {
		for lane, from := range t.at[at:][:4] {
			for r := range n {
				row := x[from+r*t.Pitch:][:n]
				for c, value := range row {
					d[r][c][lane] = value
				}
			}
		}
		for c := range n {
			var column [8]four
			for r := range n {
				column[r] = d[r][c]
			}
			inputGo(size, &column)
			for r := range n {
				d[r][c] = column[r]
			}
		}
		for r := range n {
			inputGo(size, &d[r])
			for c := range n {
				*(*four)(v[(r*n+c)*stride+at:]) = d[r][c]
			}
		}
	}
}

func winogradOutputGo(size int, y []float32, t *Tiles, m []float32, stride int, bias float32, c Clamp) {
	n := size + 2
	var half [6][8]four
	var column, row [8]four
	for at := 0; at < len(t.at); at += 4 {
		for j := range n {
			for i := range n {
				column[i] = *(*four)(m[(i*n+j)*stride+at:])
			}
			outputGo(size, &column)
			for i := range size {
				half[i][j] = column[i]
			}
		}
		for i := range size {
			row = half[i]
			outputGo(size, &row)
			for lane, to := range t.at[at:][:4] {
				results := y[to+i*t.Pitch:][:size]
				for j := range results {
					results[j] = c.of(row[j][lane] + bias)
				}
			}
		}
	}
}

const root = math.Sqrt2 / 2 // √½, whose inverse is math.Sqrt2

// inputGo replaces d by Bᵀ d.
func inputGo(size int, d *[8]four) {
	for l := range 4 {
		d0, d1, d2, d3, d4, d5, d6, d7 := d[0][l], d[1][l], d[2][l], d[3][l], d[4][l], d[5][l], d[6][l], d[7][l]
		if size == 4 {
			d[0][l] = d0 + d4 - 2.5*d2
			even, odd := d4-2*d2, root*d3-math.Sqrt2*d1
			d[1][l], d[2][l] = even+odd, even-odd
			even, odd = d4-.5*d2, math.Sqrt2*d3-root*d1
			d[3][l], d[4][l] = even+odd, even-odd
			d[5][l] = d1 + d5 - 2.5*d3
			continue
		}
		d[0][l] = d6 - d0 + 5.25*(d2-d4)
		even, odd := d2+d6-4.25*d4, d1+d5-4.25*d3
		d[1][l], d[2][l] = even+odd, even-odd
		even, odd = .25*d2+d6-1.25*d4, 2*d5-2.5*d3+.5*d1
		d[3][l], d[4][l] = even+odd, even-odd
		even, odd = d6+4*d2-5*d4, .5*d5-2.5*d3+2*d1
		d[5][l], d[6][l] = even+odd, even-odd
		d[7][l] = d7 - d1 + 5.25*(d3-d5)
	}
}

// outputGo replaces m by Aᵀ m.
func outputGo(size int, m *[8]four) {
	for l := range 4 {
		s1, d1 := m[1][l]+m[2][l], m[1][l]-m[2][l]
		s2, d2 := m[3][l]+m[4][l], m[3][l]-m[4][l]
		if size == 4 {
			m[0][l] += s1 + s2
			m[1][l] = root*d1 + math.Sqrt2*d2
			m[2][l] = .5*s1 + 2*s2
			m[3][l] = m[5][l] + root/2*d1 + 2*math.Sqrt2*d2
			continue
		}
		s3, d3 := m[5][l]+m[6][l], m[5][l]-m[6][l]
		m[0][l] += s1 + s2 + 32*s3
		m[1][l] = d1 + 2*d2 + 16*d3
		m[2][l] = s1 + 4*s2 + 8*s3
		m[3][l] = d1 + 8*d2 + 4*d3
		m[4][l] = s1 + 16*s2 + 2*s3
		m[5][l] = m[7][l] + d1 + 32*d2 + d3
	}
}
