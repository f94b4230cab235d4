package f32

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// A matrix is the same however its weights arrive.
func TestMatrixFilling(t *testing.T) {
	each(t, func(t *testing.T, i isa) {
		r := rand.New(rand.NewPCG(25, 26))
		for range 50 {
			rows, cols := 1+r.IntN(70), 1+r.IntN(70)
			w := random(r, rows*cols)
			want := packFor(i, rows, cols, w)
			if at := uintptr(unsafe.Pointer(&want.data[0])); at%64 != 0 {
				t.Fatalf("weights at %#x, not aligned", at)
			}
			byRows, byColumns := newFor(i, rows, cols), newFor(i, rows, cols)
			for from := 0; from < rows; {
				n := 1 + r.IntN(rows-from)
				byRows.SetRows(from, w[from*cols:(from+n)*cols])
				from += n
			}
			turned := make([]float32, rows*cols)
			for k := range turned {
				turned[k] = w[k%rows*cols+k/rows]
			}
			for from := 0; from < cols; {
				n := 1 + r.IntN(cols-from)
				byColumns.SetColumns(from, turned[from*rows:(from+n)*rows])
				from += n
			}
			if !slices.Equal(byRows.data, want.data) || !slices.Equal(byColumns.data, want.data) {
				t.Fatalf("%d×%d: filled by rows or by columns it differs", rows, cols)
			}
		}
	})
}

func TestMatrixRefuses(t *testing.T) {
	m := New(3, 4)
	x, y := make([]float32, 4), make([]float32, 3)
	for name, f := range map[string]func(){
		"negative":          func() { New(-1, 3) },
		"short weights":     func() { Pack(3, 4, make([]float32, 11)) },
		"half a row":        func() { m.SetRows(0, make([]float32, 6)) },
		"rows beyond":       func() { m.SetRows(2, make([]float32, 8)) },
		"columns beyond":    func() { m.SetColumns(3, make([]float32, 6)) },
		"short x":           func() { m.Affine(y, x[:3], nil, Linear) },
		"long x":            func() { m.Affine(y, append(x, 1), nil, Linear) },
		"short y":           func() { m.Affine(y[:2], x, nil, Linear) },
		"short bias":        func() { m.Affine(y, x, y[:2], Linear) },
		"panels":            func() { m.AffinePanels(y, x, nil, Linear, 0, m.Panels()+1) },
		"frames":            func() { m.AffineBatch([][]float32{y}, nil, nil, Linear) },
		"short frame":       func() { m.AffineBatch([][]float32{y, y}, [][]float32{x, x[:3]}, nil, Linear) },
		"short C":           func() { m.Mul(&Product{C: y, Ldc: 2, N: 2, B: &RowMajor{x, 1}}, make([]float32, 4096)) },
		"narrow C":          func() { m.Mul(&Product{C: x, Ldc: 1, N: 2, B: &RowMajor{x, 1}}, make([]float32, 4096)) },
		"short B":           func() { m.Mul(&Product{C: y, Ldc: 1, N: 1, B: &RowMajor{y, 1}}, make([]float32, 4096)) },
		"short scratch":     func() { m.Mul(&Product{C: y, Ldc: 1, N: 1, B: &RowMajor{x, 1}}, nil) },
		"part out of range": func() { m.MulPart(&Product{C: y, Ldc: 1, N: 1, B: &RowMajor{x, 1}}, nil, 0, 1, 0, 2) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("accepted")
				}
			}()
			f()
		})
	}
}

// Empty matrices are matrices, too: of a product over nothing the bias is left.
func TestEmpty(t *testing.T) {
	each(t, func(t *testing.T, i isa) {
		newFor(i, 0, 5).Affine(nil, make([]float32, 5), nil, Linear)
		m, y, bias := newFor(i, 3, 0), []float32{9, 9, 9}, []float32{-1, 0, 7}
		m.Affine(y, nil, bias, ReLU6)
		if want := []float32{0, 0, 6}; !slices.Equal(y, want) {
			t.Errorf("affine %v, want %v", y, want)
		}
		c := make([]float32, 6)
		m.Mul(&Product{C: c, Ldc: 2, N: 2, B: &RowMajor{}, Bias: bias, Clamp: ReLU6}, nil)
		if want := []float32{0, 0, 0, 0, 6, 6}; !slices.Equal(c, want) {
			t.Errorf("product %v, want %v", c, want)
		}
	})
}

// NaN and infinities come through as the arithmetic says, also through a clamp.
func TestSpecialValues(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	each(t, func(t *testing.T, i isa) {
		const rows, cols = 37, 5
		w := make([]float32, rows*cols)
		for k := range w {
			w[k] = 1
		}
		m := packFor(i, rows, cols, w)
		for _, test := range []struct {
			x    float32
			c    Clamp
			want float32
		}{
			{nan, ReLU, nan}, {inf, ReLU, inf}, {-inf, ReLU, 0}, {-inf, Linear, -inf}, {inf, ReLU6, 6}, {nan, ReLU6, nan},
		} {
			x := []float32{1, 1, test.x, 1, 1}
			xs, ys := [][]float32{x, x, x, x, x, x, x, x, x}, frames(rand.New(rand.NewPCG(1, 1)), 9, rows)
			m.Affine(ys[0], x, nil, test.c)
			m.AffineBatch(ys[1:], xs[1:], nil, test.c)
			c := make([]float32, rows*5)
			b := RowMajor{make([]float32, cols*5), 5}
			for j := range b.Data {
				b.Data[j] = x[j/5]
			}
			m.Mul(&Product{C: c, Ldc: 5, B: &b, N: 5, Clamp: test.c}, make([]float32, m.Scratch(5)))
			for what, got := range map[string][]float32{"affine": ys[0], "batch": ys[8], "product": c} {
				for r, v := range got {
					if fmt.Sprint(v) != fmt.Sprint(test.want) {
						t.Fatalf("%s of %v within %v: row %d is %v, want %v", what, test.x, test.c, r, v, test.want)
					}
				}
			}
		}
	})
}

func TestNoAllocations(t *testing.T) {
	team := NewTeam(2)
	defer team.Close()
	each(t, func(t *testing.T, i isa) {
		r := rand.New(rand.NewPCG(27, 28))
		m := packFor(i, 70, 50, random(r, 70*50)) // a last panel that is not full
		x, y, bias := frames(r, 9, 50), frames(r, 9, 70), random(r, 70)
		p := &Product{C: random(r, 70*60), Ldc: 60, B: &RowMajor{random(r, 50*60), 60}, N: 60, Bias: bias, Clamp: ReLU}
		scratch := make([]float32, team.Scratch(m, 60))
		for name, f := range map[string]func(){
			"affine":      func() { m.Affine(y[0], x[0], bias, ReLU) },
			"batch":       func() { m.AffineBatch(y, x, bias, ReLU) },
			"mul":         func() { m.Mul(p, scratch) },
			"team affine": func() { team.Affine(m, y[0], x[0], bias, ReLU) },
			"team batch":  func() { team.AffineBatch(m, y, x, bias, ReLU) },
			"team mul":    func() { team.Mul(m, p, scratch) },
		} {
			if n := testing.AllocsPerRun(100, f); n != 0 {
				t.Errorf("%s allocates %v times", name, n)
			}
		}
	})
}
