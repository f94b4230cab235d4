package f32

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// each runs a test for every instruction set of this machine.
func each(t *testing.T, test func(t *testing.T, i isa)) {
	for _, i := range supported() {
		t.Run(i.String(), func(t *testing.T) { test(t, i) })
	}
}

func random(r *rand.Rand, n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = 2*r.Float32() - 1
	}
	return s
}

func frames(r *rand.Rand, count, n int) [][]float32 {
	s := make([][]float32, count)
	for i := range s {
		s[i] = random(r, n)
	}
	return s
}

// reference is one entry of a product in float64, and the sum of its terms'
// sizes: what rounding errors are to be measured against.
func reference(row []float32, x func(k int) float32, bias []float32, r int, c Clamp) (want, scale float64) {
	for k, w := range row {
		v := float64(w) * float64(x(k))
		want += v
		scale += math.Abs(v)
	}
	if bias != nil {
		want += float64(bias[r])
		scale += math.Abs(float64(bias[r]))
	}
	return min(max(want, float64(c.Min)), float64(c.Max)), scale
}

// near fails unless got is want to within 1e-6 of scale.
func near(t *testing.T, got float32, want, scale float64, format string, args ...any) {
	if math.Abs(float64(got)-want) <= 1e-6*scale {
		return
	}
	t.Helper() // it takes longer than all else
	t.Fatalf("%s: %v, want %v", fmt.Sprintf(format, args...), got, want)
}

// shape draws from what the tests cover: small of any kind, and real layers.
func drawShape(r *rand.Rand, round int) (rows, cols int) {
	switch {
	case round == 0:
		return 2000, 100
	case round == 1:
		return 2000, 2000
	case round == 2:
		return 3, 20011 // longer than one assembly call
	}
	return 1 + r.IntN(67), 1 + r.IntN(67)
}

func drawClamp(r *rand.Rand) Clamp {
	return []Clamp{Linear, ReLU, ReLU6, {-0.5, 0.25}}[r.IntN(4)]
}

func drawBias(r *rand.Rand, rows int) []float32 {
	if r.IntN(4) == 0 {
		return nil
	}
	return random(r, rows)
}

func rounds() int {
	if testing.Short() {
		return 30
	}
	return 300
}

func TestAffine(t *testing.T) {
	each(t, func(t *testing.T, i isa) {
		r := rand.New(rand.NewPCG(1, 2))
		for round := range rounds() {
			rows, cols := drawShape(r, round)
			w, x, bias, c := random(r, rows*cols), random(r, cols), drawBias(r, rows), drawClamp(r)
			y := random(r, rows)
			packFor(i, rows, cols, w).Affine(y, x, bias, c)
			for row := range y {
				want, scale := reference(w[row*cols:(row+1)*cols], func(k int) float32 { return x[k] }, bias, row, c)
				near(t, y[row], want, scale, "%d×%d, row %d", rows, cols, row)
			}
		}
	})
}

func TestAffineBatch(t *testing.T) {
	each(t, func(t *testing.T, i isa) {
		r := rand.New(rand.NewPCG(3, 4))
		for round := range rounds() {
			rows, cols := drawShape(r, round)
			count := 1 + r.IntN(19)
			if round%10 == 9 {
				count += 30
			}
			w, x, bias, c := random(r, rows*cols), frames(r, count, cols), drawBias(r, rows), drawClamp(r)
			y := frames(r, count, rows)
			packFor(i, rows, cols, w).AffineBatch(y, x, bias, c)
			for f := range y {
				for row := range y[f] {
					if rows*cols > 10000 && row%97 != f && row < rows-20 {
						continue
					}
					want, scale := reference(w[row*cols:(row+1)*cols], func(k int) float32 { return x[f][k] }, bias, row, c)
					near(t, y[f][row], want, scale, "%d×%d, frame %d of %d, row %d", rows, cols, f, count, row)
				}
			}
		}
	})
}

// More frames than go through the weights together, with more inputs than the cache of
// the second level has room for, and a last panel that is not full.
func TestAffineBatchOfManyFrames(t *testing.T) {
	const rows, cols, count = 70, 700, maxFrames + 45
	each(t, func(t *testing.T, i isa) {
		r := rand.New(rand.NewPCG(13, 14))
		w, x, bias, y := random(r, rows*cols), frames(r, count, cols), random(r, rows), frames(r, count, rows)
		c := drawClamp(r)
		packFor(i, rows, cols, w).AffineBatch(y, x, bias, c)
		for f := range y {
			for row := f % 7; row < rows; row += 7 {
				want, scale := reference(w[row*cols:(row+1)*cols], func(k int) float32 { return x[f][k] }, bias, row, c)
				near(t, y[f][row], want, scale, "frame %d of %d, row %d", f, count, row)
			}
		}
	})
}

func TestMul(t *testing.T) {
	each(t, func(t *testing.T, i isa) {
		r := rand.New(rand.NewPCG(5, 6))
		for round := range rounds() {
			rows, cols, n := 1+r.IntN(67), 1+r.IntN(67), 1+r.IntN(120)
			switch {
			case round%8 == 0:
				n = 1 + r.IntN(600)
			case round%8 == 1:
				cols = 1 + r.IntN(900)
			}
			w, bias, c := random(r, rows*cols), drawBias(r, rows), drawClamp(r)
			b := RowMajor{Stride: n + r.IntN(3)}
			b.Data = random(r, cols*b.Stride)
			p := Product{Ldc: n + r.IntN(3), B: &b, N: n, Bias: bias, Clamp: c}
			p.C = random(r, rows*p.Ldc)
			before := append([]float32(nil), p.C...)
			m := packFor(i, rows, cols, w)
			m.Mul(&p, random(r, m.Scratch(n)))
			for row := range rows {
				for j := range p.Ldc {
					got := p.C[row*p.Ldc+j]
					if j >= n {
						if got != before[row*p.Ldc+j] {
							t.Fatalf("%d×%d·%d: gap of row %d overwritten", rows, cols, n, row)
						}
						continue
					}
					want, scale := reference(w[row*cols:(row+1)*cols], func(k int) float32 { return b.Data[k*b.Stride+j] }, bias, row, c)
					near(t, got, want, scale, "%d×%d·%d [%d,%d]", rows, cols, n, row, j)
				}
			}
		}
	})
}

// Every kernel agrees with plain Go to 1e-5 of the largest result.
func TestAgreesWithGo(t *testing.T) {
	each(t, func(t *testing.T, i isa) {
		r := rand.New(rand.NewPCG(33, 34))
		for round := range rounds() {
			rows, cols := drawShape(r, round)
			w, x, bias, n := random(r, rows*cols), frames(r, 5, cols), drawBias(r, rows), 1+r.IntN(40)
			m, plain := packFor(i, rows, cols, w), packFor(portable, rows, cols, w)
			got, want := frames(r, 6, rows), frames(r, 6, rows)
			m.AffineBatch(got[:5], x, bias, Linear)
			plain.AffineBatch(want[:5], x, bias, Linear)
			m.Affine(got[5], x[0], bias, Linear)
			plain.Affine(want[5], x[0], bias, Linear)
			if round > 2 {
				p := Product{C: random(r, rows*n), Ldc: n, B: &RowMajor{random(r, cols*n), n}, N: n, Bias: bias, Clamp: Linear}
				q := p
				q.C = random(r, rows*n)
				m.Mul(&p, make([]float32, m.Scratch(n)))
				plain.Mul(&q, make([]float32, plain.Scratch(n)))
				got, want = append(got, p.C), append(want, q.C)
			}
			for s := range got {
				var largest, off float64
				for k := range got[s] {
					largest = max(largest, math.Abs(float64(want[s][k])))
					off = max(off, math.Abs(float64(got[s][k]-want[s][k])))
				}
				if !(off <= 1e-5*largest) {
					t.Fatalf("%d×%d: result %d is %v off, of %v", rows, cols, s, off, largest)
				}
			}
		}
	})
}
