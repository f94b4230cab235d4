package main

import "math"

// The functions that f32 has kernels for. Coefficients are minimax fits (Lawson's
// algorithm in 30 digits, Chebyshev nodes), made for these ranges; each comment
// says to what.

func formulas() []*formula {
	of := func(name string, f func(f *formula) *value) *formula { return newFormula(name, false, f) }
	pair := func(name string, f func(f *formula) *value) *formula { return newFormula(name, true, f) }
	eachRow := func(name string, of func(f *formula) *value) *formula {
		return newFormula(name, false, func(f *formula) *value {
			f.each, f.z = true, f.op("each")
			return of(f)
		})
	}
	return []*formula{
		of("bounded", func(f *formula) *value { return f.within(f.x, f.param(0), f.param(1)) }),
		of("scaled", func(f *formula) *value {
			return f.within(f.fma(f.x, f.param(0), f.param(1)), f.param(2), f.param(3))
		}),
		of("times", func(f *formula) *value { return f.mul(f.x, f.param(0)) }),
		eachRow("timesEach", func(f *formula) *value { return f.mul(f.x, f.z) }),
		of("plus", func(f *formula) *value { return f.add(f.x, f.param(0)) }),
		of("leaky", func(f *formula) *value {
			zero := f.number(0)
			return f.fma(f.min(f.x, zero), f.param(0), f.max(f.x, zero))
		}),
		of("hardSwish", func(f *formula) *value {
			return f.mul(f.x, f.within(f.fma(f.x, f.number(1./6), f.number(.5)), f.number(0), f.number(1)))
		}),
		of("exp", exp),
		of("log", logarithm),
		of("sigmoid", func(f *formula) *value {
			return f.div(f.number(1), f.onePlusExpOf(f.x, -1))
		}),
		of("silu", func(f *formula) *value {
			return f.div(f.x, f.onePlusExpOf(f.x, -1))
		}),
		of("swish", func(f *formula) *value {
			return f.div(f.x, f.onePlusExpOf(f.mul(f.x, f.param(0)), -1))
		}),
		of("tanh", tanh),
		of("elu", func(f *formula) *value {
			zero := f.number(0)
			below := f.expm1(f.max(f.mul(f.min(f.x, zero), f.param(0)), f.number(-20)))
			return f.fma(below, f.param(1), f.mul(f.max(f.x, zero), f.param(2)))
		}),
		of("mish", mish),
		of("erf", erf),
		of("gelu", gelu),
		of("geluTanh", func(f *formula) *value { // x sigmoid(2 sqrt(2/pi) (x + 0.044715 x^3))
			by := 2 * math.Sqrt(2/math.Pi)
			v := f.mul(f.x, f.fma(f.mul(f.x, f.x), f.number(.044715*by), f.number(by)))
			return f.div(f.x, f.onePlusExpOf(v, -1))
		}),
		pair("addition", func(f *formula) *value {
			return f.within(f.add(f.x, f.z), f.param(0), f.param(1))
		}),
		pair("subtraction", func(f *formula) *value { return f.sub(f.x, f.z) }),
		pair("multiplication", func(f *formula) *value { return f.mul(f.x, f.z) }),
		pair("division", func(f *formula) *value { return f.div(f.x, f.z) }),
		pair("larger", func(f *formula) *value { return f.op("max2", f.x, f.z) }),
		pair("smaller", func(f *formula) *value { return f.op("min2", f.x, f.z) }),
		pair("prelu", func(f *formula) *value {
			zero := f.number(0)
			return f.fma(f.min(f.x, zero), f.z, f.max(f.x, zero))
		}),
	}
}

// power is exp(sign x) in parts: n = x/ln 2 to the nearest, in the low bits of
// whole, and base + e^r - 1 of what is left; base is 1, or nil for 0.
//
//	exp(x) = 2^n e^r,  |r| <= ln(2)/2,  e^r = 1 + r + r² (c0 + c1 r + ... c4 r⁴)   to 3.1e-9
//
// Added to 1.5 2^23, x/ln 2 becomes a whole number. ln 2 is in two parts, the first
// of which is exact times n.
func (f *formula) power(x *value, sign float64, base *value) (whole, rest *value) {
	c := []float64{0.499999933451, 0.166665191173, 0.0416684059841, 0.00836889985504, 0.00138142093531}
	step := f.fnma
	if sign < 0 {
		c[1], c[3], step = -c[1], -c[3], f.fma
	}
	whole = f.fma(x, f.number(sign*math.Log2E), f.number(magic))
	n := f.sub(whole, f.number(magic))
	r := step(n, f.number(low), step(n, f.number(high), x)) // times sign
	square := f.mul(r, r)
	q := f.fma(f.number(c[4]), square, f.fma(f.number(c[3]), r, f.number(c[2])))
	p := f.fma(q, square, f.fma(f.number(c[1]), r, f.number(c[0])))
	switch {
	case base == nil:
		return whole, f.fma(p, square, r)
	case sign < 0:
		return whole, f.fma(p, square, f.sub(base, r))
	}
	return whole, f.fma(p, square, f.add(base, r))
}

const (
	magic     = 3 << 22
	high, low = 0.693359375, -2.12194440054690583e-4 // ln 2
)

// twoTo is 2^n of a whole value: its low bits are moved to where the exponent is.
func (f *formula) twoTo(whole *value) *value {
	return f.iadd(f.shift("shl", whole, 23), f.number(1))
}

// onePlusExpOf is 1 + exp(sign x), at least 1 + 2^-126, and infinite above 2^127.5.
func (f *formula) onePlusExpOf(x *value, sign float64) *value {
	lo, hi := -87.3, 88.73
	if sign < 0 {
		lo, hi = -hi, -lo
	}
	one := f.number(1)
	whole, rest := f.power(f.within(x, f.number(lo), f.number(hi)), sign, one)
	return f.fma(rest, f.twoTo(whole), one)
}

// exp doubles and takes one less in the exponent, so that the largest results are
// finite; the least, 2^-126, becomes 0.
func exp(f *formula) *value {
	return f.expOf(f.within(f.x, f.number(-87.6), f.number(88.8)))
}

func (f *formula) expOf(x *value) *value {
	whole, p := f.power(x, 1, f.number(1))
	return f.mul(f.add(p, p), f.iadd(f.shift("shl", whole, 23), f.number(.5)))
}

// tanh is (e^2x - 1) / (e^2x + 1), with e^2x - 1 = 2^n (e^r - 1) + (2^n - 1), exact
// near 0.
func tanh(f *formula) *value {
	x := f.within(f.x, f.number(-9.1), f.number(9.1))
	less := f.expm1(f.add(x, x))
	return f.div(less, f.add(less, f.number(2)))
}

// expm1 is e^x - 1, of an x between -87 and 88.
func (f *formula) expm1(x *value) *value {
	whole, rest := f.power(x, 1, nil)
	two := f.twoTo(whole)
	return f.fma(two, rest, f.sub(two, f.number(1)))
}

// mish is x tanh(log(1 + e^x)) = x w / (w + 2), with w = e^2x + 2 e^x. From 20 on it
// is x.
func mish(f *formula) *value {
	e := f.expOf(f.within(f.x, f.number(-87.6), f.number(20)))
	w := f.mul(e, f.add(e, f.number(2)))
	return f.mul(f.x, f.div(w, f.add(w, f.number(2))))
}

// erf is x + x p(x²) where |x| < 0.92, to 6.1e-10, and elsewhere 1 - exp(|x| q(|x|)),
// to 8.6e-10, with the sign of x.
func erf(f *formula) *value {
	size := f.and(f.x, f.bits(0x7fffffff))
	small := f.fma(f.polynomial(f.mul(f.x, f.x),
		0.128379166415, -0.376126316349, 0.112836641883, -0.0268577122842, 0.00519696528419, -0.000809781978854, 8.18548828726e-5),
		f.x, f.x)
	t := f.min(size, f.number(4))
	e := f.expOf(f.mul(t, f.polynomial(t,
		-1.12863708569, -0.635197988474, -0.106159130129, 0.0236946403376, -0.0036103793175, 0.000314867840743, -1.04341387179e-5)))
	large := f.or(f.sub(f.number(1), e), f.and(f.x, f.bits(1<<31)))
	return f.less(size, f.number(0.92), small, large)
}

// gelu takes the probability that a normal variable is below -|x| as
// exp(-x²/2 + g(|x|)), to 3.3e-8 up to 5.5; beyond, where it is less than 2e-8, with
// g(5.5), and 0 from 13 on.
func gelu(f *formula) *value {
	size := f.min(f.and(f.x, f.bits(0x7fffffff)), f.number(13.025))
	g := f.polynomial(f.min(size, f.number(5.5)),
		-0.693147115709, -0.797888769173, 0.181732943723, -0.0364957158158, 0.00506856105917, -0.000237686660893, -6.65615260265e-5, 1.36845944495e-5, -8.13550365869e-7)
	e := f.expOf(f.fma(f.mul(size, size), f.number(-.5), g))
	return f.mul(f.x, f.less(f.x, f.number(0), e, f.sub(f.number(1), e)))
}

// logarithm is e ln 2 + log(m), of x = 2^e m with m between the root of 1/2 and that of 2:
// log(1+t) = t - t²/2 + t³ p(t), to 7.8e-10.
func logarithm(f *formula) *value {
	zero, least, infinite := f.number(0), f.number(0x1p-126), f.number(math.Inf(1))
	x := f.less(f.x, least, f.mul(f.x, f.number(0x1p23)), f.x) // denormal numbers are made normal
	const half, mantissa = 0x3f3504f3, 0x007fffff
	bits := f.isub(x, f.bits(half))
	e := f.sub(f.iadd(f.shift("sra", bits, 23), f.number(magic)), f.number(magic))
	e = f.sub(e, f.less(f.x, least, f.number(23), zero))
	t := f.sub(f.iadd(f.and(bits, f.bits(mantissa)), f.bits(half)), f.number(1))
	p := f.polynomial(t, 0.333333119576, -0.250000087268, 0.200021675775, -0.166680897591, 0.142185449154, -0.124030901624, 0.118935826783, -0.116943169944, 0.0675739660547)
	square := f.mul(t, t)
	rest := f.fma(square, f.number(-.5), f.fma(f.mul(square, t), p, f.mul(e, f.number(low))))
	y := f.fma(e, f.number(high), f.add(t, rest))
	y = f.less(zero, f.x, y, f.less(f.x, zero, f.number(math.NaN()), f.number(math.Inf(-1))))
	return f.less(f.x, infinite, y, f.x)
}
