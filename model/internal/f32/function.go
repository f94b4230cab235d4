package f32

import "math"

// Function is a function of one number, which Apply computes for each of a
// vector. The zero value leaves the numbers as they are. Functions may be
// compared.
//
// Each is written down once, as a formula of vector instructions in package asm,
// which makes the kernels for every instruction set from it, and the plain Go for
// all others: nodes of different processors agree to the last bits but a few.
// TestFunctions states how far each may be off. NaN stays NaN.
type Function struct {
	kind kind
	p    [4]float32 // parameters, as the formula numbers them
}

// Functions without parameters.
var (
	Exp       = Function{kind: exp}      // below 2.4e-38 it is 0
	Log       = Function{kind: log}      // natural; NaN below 0
	Sigmoid   = Function{kind: sigmoid}  // 1 / (1 + exp(-x))
	Tanh      = Function{kind: tanh}     //
	Erf       = Function{kind: erf}      // the error function
	Gelu      = Function{kind: gelu}     // x times the probability that a normal variable is below x
	GeluTanh  = Function{kind: geluTanh} // the same, by way of tanh
	SiLU      = Function{kind: silu}     // x sigmoid(x)
	HardSwish = Function{kind: hardSwish}
	Mish      = Function{kind: mish} // x tanh(log(1 + exp(x)))
)

// Swish is x sigmoid(alpha x).
func Swish(alpha float32) Function {
	if alpha == 1 {
		return SiLU
	}
	return Function{swish, [4]float32{alpha}}
}

// Leaky is x where it is positive, and slope x elsewhere.
func Leaky(slope float32) Function { return Function{leaky, [4]float32{slope}} }

// Elu is above x where x is positive, and elsewhere below (exp(in x) - 1).
func Elu(in, below, above float32) Function { return Function{elu, [4]float32{in, below, above}} }

// Scaled is a x + b within c: a hard sigmoid, a clamp, a batch normalisation and
// what comes behind it.
func Scaled(a, b float32, c Clamp) Function { return Function{scaled, [4]float32{a, b, c.Min, c.Max}} }

// Bounded is x within c.
func Bounded(c Clamp) Function {
	if c == Linear {
		return Function{}
	}
	return Function{bounded, [4]float32{c.Min, c.Max}}
}

// Apply computes y[i] = f(x[i]) for all of x; y may be x, and otherwise they must
// not overlap.
func (f Function) Apply(y, x []float32) { f.applyFor(native, y, x) }

func (f Function) applyFor(i isa, y, x []float32) {
	y = y[:len(x)]
	if f.kind == identity {
		copy(y, x)
		return
	}
	elementwise(i, f.kind, y, x, x, &f.p)
}

// Pair is a function of two numbers.
type Pair uint8

// What Pairs compute of a and b.
const (
	Add      = Pair(addition)
	Subtract = Pair(subtraction)
	Multiply = Pair(multiplication)
	Divide   = Pair(division)
	Larger   = Pair(larger)
	Smaller  = Pair(smaller)
	PReLU    = Pair(prelu) // a where it is positive, and a b elsewhere
)

// Apply computes y[i] = p(a[i], b[i]) within c, for all of a; y may be a or b.
func (p Pair) Apply(y, a, b []float32, c Clamp) { p.applyFor(native, y, a, b, c) }

func (p Pair) applyFor(i isa, y, a, b []float32, c Clamp) {
	if len(a) > 0 {
		area{1, len(a), len(a)}.pair(i, p, y, a, b, c)
	}
}

func (r area) pair(i isa, p Pair, y, a, b []float32, c Clamp) {
	r.compute(i, kind(p), y, a, b, &[4]float32{c.Min, c.Max})
	if p != Add && c != Linear {
		f := Bounded(c)
		r.compute(i, f.kind, y, y, y, &f.p)
	}
}

// With is the function p(·, b) within c; ok is false where there is none that is
// as exact.
func (p Pair) With(b float32, c Clamp) (f Function, ok bool) {
	switch p {
	case Add:
		if c == Linear {
			return Function{plus, [4]float32{b}}, true
		}
		return Scaled(1, b, c), true
	case Subtract:
		return Add.With(-b, c)
	case Multiply:
		if c == Linear {
			return Function{times, [4]float32{b}}, true
		}
		return Scaled(b, negativeZero, c), true
	case Divide:
		if by := 1 / b; exactly(b) && by-by == 0 {
			return Multiply.With(by, c)
		}
	case Larger:
		return Bounded(Clamp{max(b, c.Min), c.Max}), b == b
	case Smaller:
		return Bounded(Clamp{c.Min, min(b, c.Max)}), c.Min <= b
	case PReLU:
		return Leaky(b), c == Linear
	}
	return Function{}, false
}

// From is the function p(a, ·) within c, as With is p(·, b).
func (p Pair) From(a float32, c Clamp) (f Function, ok bool) {
	switch p {
	case Subtract:
		return Scaled(-1, a, c), true
	case Add, Multiply, Larger, Smaller:
		return p.With(a, c)
	}
	return Function{}, false
}

// negativeZero is what added to any number leaves it, zeros and all.
var negativeZero = float32(math.Copysign(0, -1))

// exactly says that v is a power of 2, by whose inverse one may multiply.
func exactly(v float32) bool { return math.Float32bits(v)<<9 == 0 && v != 0 }

// Times computes y = x times by[r] for each row r of cols numbers; y may be x. A
// squeeze-and-excite block does that to the planes of its channels.
func Times(y, x, by []float32, cols int) { timesFor(native, y, x, by, cols) }

func timesFor(i isa, y, x, by []float32, cols int) {
	y, x = y[:len(by)*cols], x[:len(by)*cols]
	const most = 16 << 10 // see callBytes
	if lanes := functionLanes[i]; lanes == 0 || cols < lanes || cols > most {
		for r, v := range by {
			row := y[r*cols:][:cols]
			elementwise(i, times, row, x[r*cols:], row, &[4]float32{v})
		}
		return
	}
	for r := 0; r < len(by); r += most / cols {
		function(i, timesEach, &y[r*cols], &x[r*cols], &by[r], cols, &[4]float32{}, min(most/cols, len(by)-r), 0)
	}
}

// elementwise computes one row.
func elementwise(i isa, k kind, y, x, z []float32, p *[4]float32) {
	if len(y) > 0 {
		area{1, len(y), len(y)}.compute(i, k, y, x, z, p)
	}
}

// area is rows of cols numbers, pitch apart, in each of the operands.
type area struct{ rows, cols, pitch int }

// compute calls the kernel of a kind; for rows that are shorter than a vector by
// way of the stack.
func (b area) compute(i isa, k kind, y, x, z []float32, p *[4]float32) {
	last := (b.rows-1)*b.pitch + b.cols
	y, x, z = y[:last], x[:last], z[:last]
	const most = 16 << 10 // numbers of a call, see callBytes
	switch lanes := functionLanes[i]; {
	case lanes == 0 || !computes(i, k):
		for at := 0; at < last; at += b.pitch {
			functionGo(k, y[at:][:b.cols], x[at:][:b.cols], z[at:][:b.cols], p)
		}
	case b.cols < lanes:
		b.computeShort(i, k, y, x, z, p)
	case b.cols > most:
		for row := range b.rows {
			for at, n := row*b.pitch, b.cols; n > 0; {
				some := n
				if n >= 2*most {
					some = most
				}
				function(i, k, &y[at], &x[at], &z[at], some, p, 1, 0)
				at, n = at+some, n-some
			}
		}
	default:
		for row := 0; row < b.rows; row += most / b.cols {
			from := row * b.pitch
			function(i, k, &y[from], &x[from], &z[from], b.cols, p, min(most/b.cols, b.rows-row), 4*(b.pitch-b.cols))
		}
	}
}

func (b area) computeShort(i isa, k kind, y, x, z []float32, p *[4]float32) {
	var left, other [maxLanes]float32
	for at := 0; at < len(y); at += b.pitch {
		copy(left[:b.cols], x[at:])
		copy(other[:b.cols], z[at:])
		function(i, k, &left[0], &left[0], &other[0], functionLanes[i], p, 1, 0)
		copy(y[at:], left[:b.cols])
	}
}

const maxLanes = 16
