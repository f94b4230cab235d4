package f32

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// claim is how far a function may be off: in units of the last place of the right
// result, and beside that by so much. armv7 has neither a fused multiply-add nor a
// division, and takes denormal numbers for 0.
type claim struct {
	f      Function
	of     func(x float64) float64
	ulp    float64
	armv7  float64
	beside float64
	from   float64 // what is tested beside the special values
	to     float64
}

const denormal = 1.2e-38 // the least normal number, or a little more

func claims() map[string]claim {
	sigmoidOf := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	by := math.Sqrt(2 / math.Pi)
	return map[string]claim{
		"exp":        {Exp, math.Exp, 1.5, 2, 2.4e-38, -110, 90},
		"log":        {Log, math.Log, 1.5, 2, 0, 0, 100},
		"log, wide":  {Log, math.Log, 1.5, 2, 0, 0, 3e38},
		"sigmoid":    {Sigmoid, sigmoidOf, 3.5, 4.5, denormal, -100, 100},
		"tanh":       {Tanh, math.Tanh, 2.5, 4, denormal, -12, 12},
		"erf":        {Erf, math.Erf, 2, 3, denormal, -5, 5},
		"gelu":       {Gelu, func(x float64) float64 { return x / 2 * math.Erfc(-x/math.Sqrt2) }, 3, 4, 2e-7, -20, 20},
		"gelu, tanh": {GeluTanh, func(x float64) float64 { return x * sigmoidOf(2*by*(x+0.044715*x*x*x)) }, 3, 4, 2e-7, -20, 20},
		"silu":       {SiLU, func(x float64) float64 { return x * sigmoidOf(x) }, 3.5, 4.5, 1.1e-36, -100, 100},
		"swish":      {Swish(1.5), func(x float64) float64 { return x * sigmoidOf(1.5*x) }, 3, 4, 2e-7, -100, 100},
		"hard swish": {HardSwish, func(x float64) float64 { return x * min(max(x/6+.5, 0), 1) }, 2, 2, 2e-7, -4, 4},
		"hard sigmoid": {Scaled(.2, .5, Clamp{0, 1}), func(x float64) float64 {
			return min(max(float64(float32(.2))*x+.5, 0), 1)
		}, 1, 1, 1e-7, -4, 4},
		"elu": {Elu(1, 1, 1), func(x float64) float64 { return max(x, math.Expm1(min(x, 0))) }, 2, 2, denormal, -30, 30},
		"selu": {Elu(1, 1.758, 1.0507), func(x float64) float64 {
			return float64(float32(1.0507))*max(x, 0) + float64(float32(1.758))*math.Expm1(min(x, 0))
		}, 2, 2, denormal, -30, 30},
		"mish":    {Mish, func(x float64) float64 { return x * math.Tanh(math.Log1p(math.Exp(x))) }, 4, 5, 3e-36, -100, 100},
		"times":   {Function{times, [4]float32{3}}, func(x float64) float64 { return 3 * x }, 1, 1, denormal, -4, 4},
		"plus":    {Function{plus, [4]float32{3}}, func(x float64) float64 { return 3 + x }, 1, 1, 0, -4, 4},
		"leaky":   {Leaky(.125), func(x float64) float64 { return max(x, x/8) }, 0, 0, denormal, -4, 4},
		"bounded": {Bounded(ReLU6), func(x float64) float64 { return min(max(x, 0), 6) }, 0, 0, denormal, -9, 9},
		"scaled":  {Scaled(3, -1, ReLU), func(x float64) float64 { return max(3*x-1, 0) }, 1, 1, 2.5e-7, -4, 4},
		"nothing": {Function{}, func(x float64) float64 { return x }, 0, 0, 0, -4, 4},
	}
}

var specials = []float32{
	float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 0, negativeZero, 1e-45, -1e-45, 1e-39, -1e-39, 0x1p-126, -0x1p-126,
	math.MaxFloat32, -math.MaxFloat32, 1, -1, 88, 89, -88, -89, 1e30, -1e30, 0.92, 0.9199999, 5.5, -5.5, 13, 13.025, -13.03, -14,
}

// Every function, over a dense sample and special values, is as near the right
// result as it claims, for every instruction set.
func TestFunctions(t *testing.T) {
	for name, c := range claims() {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, i isa) {
				n := 200_000
				if testing.Short() {
					n = 20_000
				}
				x := append([]float32{}, specials...)
				for k := range n {
					v := float32(c.from + (c.to-c.from)*float64(k)/float64(n))
					x = append(x, v, v*1e-3)
				}
				y := make([]float32, len(x))
				c.f.applyFor(i, y, x)
				allowed := c.ulp
				if i == neon32 {
					allowed = c.armv7
				}
				worst, at := 0.0, float32(0)
				for k, v := range x {
					want := c.of(float64(v))
					got := float64(y[k])
					if i == neon32 && c.f == Log && math.Abs(float64(v)) < 0x1p-126 {
						continue // log alone tells such a number from 0
					}
					if want != want || want == got {
						if want != want && got == got && !math.IsInf(float64(v), -1) {
							t.Fatalf("%s(%v) = %v, want NaN", name, v, got)
						}
						continue
					}
					if math.Abs(want) > math.MaxFloat32 {
						if !math.IsInf(got, int(math.Copysign(1, want))) {
							t.Fatalf("%s(%v) = %v, want %v", name, v, got, want)
						}
						continue
					}
					off := (math.Abs(got-want) - c.beside) / ulp(want)
					if !(off <= allowed) {
						t.Errorf("%s(%v) = %v, want %v: off by %.2f ulp and %v", name, v, got, want, off, c.beside)
						return
					}
					if off > worst {
						worst, at = off, v
					}
				}
				t.Logf("%v, %s: %.2f ulp at %v, beside %v", i, name, worst, at, c.beside)
			})
		})
	}
}

// ulp is the distance of float32 numbers around v.
func ulp(v float64) float64 {
	_, e := math.Frexp(v)
	return math.Ldexp(1, max(e, -125)-24)
}

var pairs = map[Pair]func(a, b float32) float32{
	Add:      func(a, b float32) float32 { return a + b },
	Subtract: func(a, b float32) float32 { return a - b },
	Multiply: func(a, b float32) float32 { return a * b },
	Divide:   func(a, b float32) float32 { return a / b },
	Larger:   func(a, b float32) float32 { return max(a, b) },
	Smaller:  func(a, b float32) float32 { return min(a, b) },
	PReLU:    func(a, b float32) float32 { return max(a, 0) + min(a, 0)*b },
}

// Pairs of numbers, special ones among them, and with a number that is the same
// for all.
func TestPairs(t *testing.T) {
	each(t, func(t *testing.T, i isa) {
		r := rand.New(rand.NewPCG(7, 8))
		check := func(p Pair, what string, got, a, b float32, c Clamp) {
			t.Helper()
			want := pairs[p](a, b)
			if want == want {
				want = min(max(want, c.Min), c.Max)
			}
			small := func(v float32) bool { return v < 0x1p-126 && v > -0x1p-126 }
			if i == neon32 && (small(a) || small(b) || small(want)) {
				return // denormal numbers count as 0
			}
			if got != want && (got == got || want == want) && !(math.Abs(float64(got-want)) <= 1.01*ulp(float64(want))) {
				t.Errorf("%s %d of %v and %v: %v, want %v", what, p, a, b, got, want)
			}
		}
		for round := range rounds() {
			n, c := 1+r.IntN(100), drawClamp(r)
			a, b, y := random(r, n), random(r, n), make([]float32, n)
			if round%3 == 0 {
				for k := range a {
					a[k], b[k] = specials[r.IntN(len(specials))], specials[r.IntN(len(specials))]
				}
			}
			for p := range pairs {
				p.applyFor(i, y, a, b, c)
				for k := range y {
					check(p, "pair", y[k], a[k], b[k], c)
				}
				if f, ok := p.With(b[0], c); ok {
					f.applyFor(i, y, a)
					for k := range y {
						check(p, "with", y[k], a[k], b[0], c)
					}
				}
				if f, ok := p.From(a[0], c); ok {
					f.applyFor(i, y, b)
					for k := range y {
						check(p, "from", y[k], a[0], b[k], c)
					}
				}
			}
		}
	})
}

// Each row has a number of its own, also in place.
func TestTimes(t *testing.T) {
	each(t, func(t *testing.T, i isa) {
		r := rand.New(rand.NewPCG(13, 14))
		for cols := range 70 {
			rows := r.IntN(9)
			x, by := random(r, rows*cols), random(r, rows)
			y := make([]float32, rows*cols+1)
			timesFor(i, y, x, by, cols)
			own := append([]float32(nil), x...)
			timesFor(i, own, own, by, cols)
			for k := range x {
				if want := x[k] * by[k/cols]; y[k] != want || own[k] != want {
					t.Fatalf("%d rows of %d: number %d is %v, and %v in place, want %v", rows, cols, k, y[k], own[k], want)
				}
			}
			if y[rows*cols] != 0 {
				t.Fatalf("%d rows of %d: something was written behind them", rows, cols)
			}
		}
	})
}

// In place is the same, for any length, and nothing is allocated.
func TestFunctionsInPlace(t *testing.T) {
	each(t, func(t *testing.T, i isa) {
		r := rand.New(rand.NewPCG(9, 10))
		for n := range 70 {
			for name, c := range claims() {
				x := random(r, n)
				y := make([]float32, n)
				c.f.applyFor(i, y, x)
				c.f.applyFor(i, x, x)
				if fmt.Sprint(x) != fmt.Sprint(y) {
					t.Fatalf("%s of %d: %v in place, %v apart", name, n, x, y)
				}
			}
		}
		x := random(r, 99)
		e := Epilogue{Function: SiLU, Pair: Add, Other: random(r, 99), Clamp: ReLU}
		if n := testing.AllocsPerRun(10, func() { e.rows(i, x, 0, 9, 10, 11) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

// A product finishes each of its results once, by the function and the other
// tensor's number at its place.
func TestEpilogue(t *testing.T) {
	each(t, func(t *testing.T, i isa) {
		r := rand.New(rand.NewPCG(11, 12))
		for round := range rounds() {
			rows, cols, n := 1+r.IntN(67), r.IntN(600), 1+r.IntN(150)
			b := RowMajor{Stride: n, Data: random(r, cols*n)}
			ldc := n + r.IntN(3)
			m := packFor(i, rows, cols, random(r, rows*cols))
			p := Product{C: make([]float32, rows*ldc), Ldc: ldc, B: &b, N: n, Bias: drawBias(r, rows), Clamp: drawClamp(r)}
			q := p
			q.C = make([]float32, rows*ldc)
			q.Then = Epilogue{Function: []Function{{}, Sigmoid, Leaky(.5)}[round%3], Clamp: drawClamp(r)}
			if round%2 == 0 {
				q.Then.Pair, q.Then.Other = []Pair{Add, Multiply}[r.IntN(2)], random(r, rows*ldc)
			}
			m.Mul(&p, make([]float32, m.Scratch(n)))
			m.Mul(&q, make([]float32, m.Scratch(n)))
			for row := range rows {
				line := p.C[row*ldc:][:n]
				q.Then.Function.applyFor(i, line, line)
				if q.Then.Other != nil {
					q.Then.Pair.applyFor(i, line, line, q.Then.Other[row*ldc:][:n], q.Then.Clamp)
				}
				for j, v := range line {
					// What it is added to may be where the sums begin: another order of rounding.
					if off := math.Abs(float64(v - q.C[row*ldc+j])); off > 1e-4 || off > 0 && !q.sums() {
						t.Fatalf("%d×%d·%d: [%d,%d] is %v, want %v", rows, cols, n, row, j, q.C[row*ldc+j], v)
					}
				}
			}
		}
	})
}

func BenchmarkFunctions(b *testing.B) {
	x, y := make([]float32, 4096), make([]float32, 4096)
	for k := range x {
		x[k] = float32(k)/512 - 4
	}
	for name, c := range claims() {
		for _, i := range supported() {
			b.Run(name+"/"+i.String(), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					c.f.applyFor(i, y, x)
				}
				b.ReportMetric(float64(b.N)*float64(len(x))/b.Elapsed().Seconds()/1e9, "G/s")
			})
		}
	}
}
