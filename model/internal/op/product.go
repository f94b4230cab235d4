package op

import "tandem/model/internal/f32"

// product multiplies matrices that both come with the frame, or lie in batches:
// C = A B, of shapes [m n], [m k] and [k n].
type product struct {
	m, k, n int
	left    *f32.Matrix
	scratch []float32
	of      f32.Product
	right   f32.RowMajor
	turned  sideways
}

func newProduct(m, k, n int) *product {
	p := &product{m: m, k: k, n: n, left: f32.New(m, k)}
	p.scratch = make([]float32, p.left.Scratch(n))
	return p
}

// multiply computes c = a b; each of the two may lie transposed.
func (p *product) multiply(c, a, b []float32, turnA, turnB bool) {
	if turnA {
		p.left.SetColumns(0, a[:p.m*p.k])
	} else {
		p.left.SetRows(0, a[:p.m*p.k])
	}
	p.of = f32.Product{C: c, Ldc: p.n, N: p.n, Clamp: f32.Linear}
	if turnB {
		p.turned = sideways{Data: b, Stride: p.k}
		p.of.B = &p.turned
	} else {
		p.right = f32.RowMajor{Data: b, Stride: p.n}
		p.of.B = &p.right
	}
	p.left.Mul(&p.of, p.scratch)
}

func (p *product) free() { p.left.Free() }

// sideways is a matrix whose columns lie in memory, Stride apart.
type sideways f32.RowMajor

func (s *sideways) Pack(dst []float32, width, row, rows, col, cols int) {
	for c := range cols {
		from := s.Data[(col+c)*s.Stride+row:][:rows]
		to := dst[c/width*width*rows+c%width:]
		for r, v := range from {
			to[r*width] = v
		}
	}
}
