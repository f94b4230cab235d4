package main

import "math"

// formula is a function of one number or of two, as vector instructions without
// a jump: each value is made once, from those before it. What instruction sets
// have in common is an op here; compile.go turns a formula into the loop of each.
type formula struct {
	name   string // of the kind in package f32
	pair   bool   // it takes z as well
	each   bool   // z is one number for each row
	values []*value
	result *value
	x, z   *value
	given  [4]*value // parameters
}

// value is a vector. Its ops are
//
//	x z        what is loaded          add sub mul div   a+b a-b a*b a/b
//	number     a constant, param       fma fnma          a*b+c, c-a*b
//	each       z of the row
//	max min    of a, which may be NaN  shl sra           shift of the bits
//	           (and then so is the     iadd isub and or  of the bits
//	           result), and b          less              a < b ? c : d
//	max2 min2  the same, and b may     recpe recps       armv7's steps to 1/a
//	           be NaN
type value struct {
	op   string
	args []*value
	bits uint32 // of a number; the index of a parameter; by how much a shift shifts
}

func (v *value) constant() bool { return v.op == "number" || v.op == "param" || v.op == "each" }

func newFormula(name string, pair bool, of func(f *formula) *value) *formula {
	f := &formula{name: name, pair: pair}
	f.x = f.op("x")
	if pair {
		f.z = f.op("z")
	}
	f.result = of(f)
	return f
}

func (f *formula) op(op string, args ...*value) *value {
	v := &value{op: op, args: args}
	f.values = append(f.values, v)
	return v
}

func (f *formula) number(n float64) *value { return f.bits(math.Float32bits(float32(n))) }

func (f *formula) bits(b uint32) *value {
	for _, v := range f.values {
		if v.op == "number" && v.bits == b {
			return v
		}
	}
	v := f.op("number")
	v.bits = b
	return v
}

func (f *formula) param(i int) *value {
	if f.given[i] == nil {
		f.given[i] = f.op("param")
		f.given[i].bits = uint32(i)
	}
	return f.given[i]
}

func (f *formula) add(a, b *value) *value        { return f.op("add", a, b) }
func (f *formula) sub(a, b *value) *value        { return f.op("sub", a, b) }
func (f *formula) mul(a, b *value) *value        { return f.op("mul", a, b) }
func (f *formula) div(a, b *value) *value        { return f.op("div", a, b) }
func (f *formula) fma(a, b, c *value) *value     { return f.op("fma", a, b, c) }
func (f *formula) fnma(a, b, c *value) *value    { return f.op("fnma", a, b, c) }
func (f *formula) max(a, b *value) *value        { return f.op("max", a, b) }
func (f *formula) min(a, b *value) *value        { return f.op("min", a, b) }
func (f *formula) iadd(a, b *value) *value       { return f.op("iadd", a, b) }
func (f *formula) isub(a, b *value) *value       { return f.op("isub", a, b) }
func (f *formula) and(a, b *value) *value        { return f.op("and", a, b) }
func (f *formula) or(a, b *value) *value         { return f.op("or", a, b) }
func (f *formula) less(a, b, c, d *value) *value { return f.op("less", a, b, c, d) }

func (f *formula) shift(op string, a *value, by uint32) *value {
	v := f.op(op, a)
	v.bits = by
	return v
}

// within is a, which may be NaN, from lo to hi.
func (f *formula) within(a, lo, hi *value) *value { return f.min(f.max(a, lo), hi) }

// polynomial is c[0] + c[1] a + ... by Estrin's scheme: neighbours first, which
// do not wait for one another.
func (f *formula) polynomial(a *value, c ...float64) *value {
	terms := make([]*value, len(c))
	for i := range c {
		terms[i] = f.number(c[i])
	}
	for power := a; len(terms) > 1; power = f.mul(power, power) {
		var next []*value
		for i := 0; i+1 < len(terms); i += 2 {
			next = append(next, f.fma(terms[i+1], power, terms[i]))
		}
		if len(terms)%2 == 1 {
			next = append(next, terms[len(terms)-1])
		}
		if terms = next; len(terms) == 1 {
			break
		}
	}
	return terms[0]
}
