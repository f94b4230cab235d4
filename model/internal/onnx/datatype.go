package onnx

import (
	"fmt"
	"math"
)

// DataType is TensorProto.DataType of the format.
type DataType int64

// The data types that can be read. Bool is an integer of 0 and 1.
const (
	Float32  DataType = 1
	Uint8    DataType = 2
	Int8     DataType = 3
	Uint16   DataType = 4
	Int16    DataType = 5
	Int32    DataType = 6
	Int64    DataType = 7
	Bool     DataType = 9
	Float16  DataType = 10
	Float64  DataType = 11
	Uint32   DataType = 12
	Uint64   DataType = 13
	BFloat16 DataType = 16
	Uint4    DataType = 21
	Int4     DataType = 22
)

// typeNames are in the order of the format, from 0 on.
var typeNames = []string{"undefined", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64",
	"string", "bool", "float16", "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16",
	"float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4", "int4", "float4e2m1"}

func (d DataType) String() string {
	if d >= 0 && int(d) < len(typeNames) {
		return typeNames[d]
	}
	return fmt.Sprintf("data type %d", int64(d))
}

// bits is how many an element takes, 0 where the type is not read.
func (d DataType) bits() int64 {
	switch d {
	case Uint4, Int4:
		return 4
	case Uint8, Int8, Bool:
		return 8
	case Uint16, Int16, Float16, BFloat16:
		return 16
	case Float32, Int32, Uint32:
		return 32
	case Int64, Uint64, Float64:
		return 64
	}
	return 0
}

// bytes is how many n elements take; two of four bits share one.
func (d DataType) bytes(n int64) int64 { return n/8*d.bits() + (n%8*d.bits()+7)/8 }

// Readable says whether the numbers of a tensor of this type can be read.
func (d DataType) Readable() bool { return d.bits() > 0 }

// Integer says whether the elements are integers, or truth values.
func (d DataType) Integer() bool {
	switch d {
	case Float32, Float16, Float64, BFloat16:
		return false
	}
	return d.Readable()
}

// Range is the least and the largest number of an integer type that float64 can
// tell apart from its neighbours: 64-bit types end earlier than they would.
func (d DataType) Range() (least, most float64) {
	n := min(d.bits(), 53)
	switch d {
	case Bool:
		return 0, 1
	case Uint4, Uint8, Uint16, Uint32, Uint64:
		return 0, math.Ldexp(1, int(n)) - 1
	}
	return -math.Ldexp(1, int(n)-1), math.Ldexp(1, int(n)-1) - 1
}

// integer is the number that these bits are.
func (d DataType) integer(bits uint64) int64 {
	switch d {
	case Int4:
		return int64(bits<<60) >> 60
	case Uint4:
		return int64(bits & 15)
	case Int8:
		return int64(int8(bits))
	case Uint8:
		return int64(uint8(bits))
	case Int16:
		return int64(int16(bits))
	case Uint16:
		return int64(uint16(bits))
	case Int32:
		return int64(int32(bits))
	case Uint32:
		return int64(uint32(bits))
	case Bool:
		if bits != 0 {
			return 1
		}
		return 0
	}
	return int64(bits)
}

// float is the number that these bits are, rounded to float32.
func (d DataType) float(bits uint64) float32 {
	switch d {
	case Float32:
		return math.Float32frombits(uint32(bits))
	case Float16:
		return half(uint16(bits))
	case BFloat16:
		return math.Float32frombits(uint32(bits) << 16)
	case Float64:
		return float32(math.Float64frombits(bits))
	case Uint64:
		return float32(bits)
	}
	return float32(d.integer(bits))
}

// half is the number of IEEE 754's binary16: a sign, five bits of exponent and
// ten of fraction.
func half(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch exponent {
	case 0: // a subnormal number, in units of 2^-24
		v := float32(fraction) / (1 << 24)
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 31: // infinity, or not a number
		return math.Float32frombits(sign | 255<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}

// typeWords are the names that operators of version 1 have for types.
var typeWords = map[string]DataType{
	"FLOAT": Float32, "UINT8": Uint8, "INT8": Int8, "UINT16": Uint16, "INT16": Int16, "INT32": Int32, "INT64": Int64,
	"BOOL": Bool, "FLOAT16": Float16, "DOUBLE": Float64, "UINT32": Uint32, "UINT64": Uint64,
}

// TypeCalled is the type that operators of version 1 call so, or 0.
func TypeCalled(word string) DataType { return typeWords[word] }

// Nearest is the number of this type that v becomes: floating-point numbers are
// rounded to even, others lose what is behind the point, and what is out of the
// range of an integer type starts again at its other end.
func (d DataType) Nearest(v float32) float32 {
	switch d {
	case Bool:
		if v != 0 {
			return 1
		}
		return 0
	case Float16:
		return nearestHalf(v)
	case BFloat16:
		bits := math.Float32bits(v)
		if v != v {
			return v
		}
		return math.Float32frombits((bits + 0x7fff + bits>>16&1) &^ 0xffff)
	case Int64, Int32, Int16, Int8, Int4, Uint64, Uint32, Uint16, Uint8, Uint4:
		return float32(d.Wrap(whole(v)))
	}
	return v
}

// Truncated is Nearest of an integer type, exactly.
func (d DataType) Truncated(v float32) int64 {
	if d == Bool && v != 0 {
		return 1
	}
	return d.Wrap(whole(v))
}

// Wrap is the integer of this type that has the same last bits as v.
func (d DataType) Wrap(v int64) int64 {
	if d == Bool && v != 0 {
		return 1
	}
	return d.integer(uint64(v))
}

// whole is v without what is behind the point; far beyond the integers it is the
// last of them.
func whole(v float32) int64 {
	switch {
	case v != v:
		return 0
	case v >= math.MaxInt64:
		return math.MaxInt64
	case v <= math.MinInt64:
		return math.MinInt64
	}
	return int64(v)
}

// nearestHalf rounds to a number that binary16 has: eleven bits, and no smaller
// steps than 2^-24.
func nearestHalf(v float32) float32 {
	if v == 0 || math.IsInf(float64(v), 0) || v != v {
		return v
	}
	_, exponent := math.Frexp(float64(v))
	step := math.Ldexp(1, max(exponent-11, -24))
	r := math.RoundToEven(float64(v)/step) * step
	if math.Abs(r) > 65504 {
		return float32(math.Inf(int(math.Copysign(1, r))))
	}
	return float32(math.Copysign(r, float64(v)))
}
