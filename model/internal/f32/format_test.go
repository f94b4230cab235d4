package f32

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/x448/float16"
)

// stored makes a matrix in a format, and the float32 weights that it stands for,
// row-major.
func stored(t *testing.T, i isa, f Format, rows, cols int, w []float32) (*Matrix, []float32) {
	t.Helper()
	m := packFor(i, rows, cols, w)
	if !m.Store(f) {
		t.Fatalf("%d×%d is not stored as %v", rows, cols, f)
	}
	stands := make([]float32, rows*cols)
	for k := range stands {
		row, col := k/cols, k%cols
		at := row/m.width*m.pitch() + col*m.width + row%m.width
		if f == Float16 {
			stands[k] = float16.Float16(m.reduced.half[at]).Float32()
		} else {
			stands[k] = float32(m.reduced.bytes[at]) * m.reduced.scales[(row/m.width*m.groups()+col/group)*m.width+row%m.width]
		}
	}
	return m, stands
}

// A matrix in fewer bits computes what a float32 matrix of the same numbers does.
func TestFormats(t *testing.T) {
	each(t, func(t *testing.T, i isa) {
		r := rand.New(rand.NewPCG(7, 8))
		for range 25 {
			rows, cols := 1+r.IntN(100), 1+r.IntN(400)
			n := 1 + r.IntN(50)
			w, bias, x := random(r, rows*cols), random(r, rows), frames(r, 9, cols)
			b := random(r, cols*n)
			for _, f := range []Format{Float16, Int8} {
				m, stands := stored(t, i, f, rows, cols, w)
				ys := make([][]float32, len(x))
				for k := range ys {
					ys[k] = make([]float32, rows)
				}
				check := func(what string, got float32, row int, in func(k int) float32) {
					t.Helper()
					want, scale := reference(stands[row*cols:][:cols], in, bias, row, ReLU)
					if f == Int8 && what == "one" { // the frame may have been made integers of 15 bits
						scale *= 100
					}
					near(t, got, want, scale, "%v %d×%d %s, row %d", f, rows, cols, what, row)
				}
				m.Affine(ys[0], x[0], bias, ReLU)
				for row := range rows {
					check("one", ys[0][row], row, func(k int) float32 { return x[0][k] })
				}
				m.AffineBatch(ys, x, bias, ReLU)
				for k := range ys {
					for row := range rows {
						check("batch", ys[k][row], row, func(c int) float32 { return x[k][c] })
					}
				}
				c := make([]float32, rows*n)
				m.Mul(&Product{C: c, Ldc: n, B: &RowMajor{b, n}, N: n, Bias: bias, Clamp: ReLU}, make([]float32, m.Scratch(n)))
				for at, v := range c {
					check("product", v, at/n, func(k int) float32 { return b[k*n+at%n] })
				}
			}
		}
	})
}

// How far the numbers are from those that were stored.
func TestFormatsAreNear(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	const rows, cols = 40, 300
	w := random(r, rows*cols)
	for k := range w {
		w[k] *= w[k] * w[k] // small and large ones
	}
	for f, bound := range map[Format]float64{Float16: 1.0 / 2048, Int8: 1.01 / 127} { // of its own size; of the group's largest
		_, stands := stored(t, native, f, rows, cols, w)
		for row := range rows {
			for from := 0; from < cols; from += group {
				most, sum := 0.0, 0.0
				for k := from; k < min(from+group, cols); k++ {
					most = max(most, math.Abs(float64(w[row*cols+k])))
				}
				for k := from; k < min(from+group, cols); k++ {
					off := float64(stands[row*cols+k]) - float64(w[row*cols+k])
					of := most
					if f == Float16 {
						of = max(math.Abs(float64(w[row*cols+k])), 1e-4)
					}
					if math.Abs(off) > bound*of {
						t.Fatalf("%v: %v is stored as %v", f, w[row*cols+k], stands[row*cols+k])
					}
					sum += off
				}
				if f == Int8 && math.Abs(sum) > 0.51*most/127 {
					t.Errorf("row %d, columns from %d: the sum is off by %v of %v", row, from, sum, most)
				}
			}
		}
	}
}

// A processor is not asked for arithmetic that it does not have.
func TestParseFormat(t *testing.T) {
	for f, name := range formats {
		got, err := ParseFormat(name)
		if Format(f) == Float16Arithmetic && !MultipliesHalves() {
			if err == nil || !strings.Contains(err.Error(), "use float16") {
				t.Errorf("%s: %v", name, err)
			}
		} else if err != nil || got != Format(f) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := ParseFormat("bfloat16"); err == nil {
		t.Error("bfloat16 is a format")
	}
}

// What a format can't hold stays as it is.
func TestFormatsRefuse(t *testing.T) {
	for _, c := range []struct {
		v    float32
		f    Format
		want bool
	}{
		{float32(math.NaN()), Int8, false}, {float32(math.Inf(-1)), Float16, false}, {65520, Float16, false},
		{65504, Float16, true}, {3e38, Int8, true}, {1e-45, Int8, true}, {0, Int8, true},
	} {
		w := []float32{1, 2, c.v, 4}
		m := Pack(2, 2, w)
		if m.Store(c.f) != c.want {
			t.Errorf("%v as %v: stored is %v", c.v, c.f, !c.want)
		}
		if want := map[bool]Format{true: c.f}[c.want]; m.Format() != want {
			t.Errorf("%v as %v: it is %v", c.v, c.f, m.Format())
		}
		var y [2]float32
		m.Affine(y[:], []float32{1, 0}, nil, Linear)
		if math.Abs(float64(y[0]-1)) > 0.01 && c.v < 3e38 {
			t.Errorf("%v as %v: the row is %v", c.v, c.f, y)
		}
	}
}
