package serve

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/x448/float16"

	"tandem/role/answer"
)

// datatype is a type of the protocol's, and how a value of it lies in binary data, little-endian. Frames have float32 for all
// of them.
type datatype struct {
	name string
	kind string // what the network calls it
	size int    // bytes of a value
	read func([]byte) float64
	put  func([]byte, float32)
	// least and most are the values of an integer; 0 and 0: it is none.
	least, most float64
}

// exact is up to where a float32 has every integer.
const exact = 1 << 24

var little = binary.LittleEndian

var datatypes = []datatype{
	{"FP32", "float32", 4, func(b []byte) float64 { return float64(math.Float32frombits(little.Uint32(b))) },
		func(b []byte, v float32) { little.PutUint32(b, math.Float32bits(v)) }, 0, 0},
	{"FP64", "float64", 8, func(b []byte) float64 { return math.Float64frombits(little.Uint64(b)) },
		func(b []byte, v float32) { little.PutUint64(b, math.Float64bits(float64(v))) }, 0, 0},
	{"FP16", "float16", 2, func(b []byte) float64 { return float64(float16.Frombits(little.Uint16(b)).Float32()) },
		func(b []byte, v float32) { little.PutUint16(b, float16.Fromfloat32(v).Bits()) }, 0, 0},
	{"BF16", "bfloat16", 2, func(b []byte) float64 { return float64(math.Float32frombits(uint32(little.Uint16(b)) << 16)) },
		func(b []byte, v float32) { little.PutUint16(b, bfloat16(v)) }, 0, 0},
	{"INT64", "int64", 8, func(b []byte) float64 { return float64(int64(little.Uint64(b))) },
		func(b []byte, v float32) { little.PutUint64(b, uint64(int64(v))) }, -exact, exact},
	{"INT32", "int32", 4, func(b []byte) float64 { return float64(int32(little.Uint32(b))) },
		func(b []byte, v float32) { little.PutUint32(b, uint32(int32(v))) }, -exact, exact},
	{"INT16", "int16", 2, func(b []byte) float64 { return float64(int16(little.Uint16(b))) },
		func(b []byte, v float32) { little.PutUint16(b, uint16(int16(v))) }, math.MinInt16, math.MaxInt16},
	{"INT8", "int8", 1, func(b []byte) float64 { return float64(int8(b[0])) },
		func(b []byte, v float32) { b[0] = byte(int8(v)) }, math.MinInt8, math.MaxInt8},
	{"UINT64", "uint64", 8, func(b []byte) float64 { return float64(little.Uint64(b)) },
		func(b []byte, v float32) { little.PutUint64(b, uint64(v)) }, 0, exact},
	{"UINT32", "uint32", 4, func(b []byte) float64 { return float64(little.Uint32(b)) },
		func(b []byte, v float32) { little.PutUint32(b, uint32(v)) }, 0, exact},
	{"UINT16", "uint16", 2, func(b []byte) float64 { return float64(little.Uint16(b)) },
		func(b []byte, v float32) { little.PutUint16(b, uint16(v)) }, 0, math.MaxUint16},
	{"UINT8", "uint8", 1, func(b []byte) float64 { return float64(b[0]) }, func(b []byte, v float32) { b[0] = byte(v) }, 0, math.MaxUint8},
	{"BOOL", "bool", 1, func(b []byte) float64 { return float64(b[0]) }, func(b []byte, v float32) { b[0] = byte(v) }, 0, 1},
}

// bfloat16 is the nearest one, of two the even one, as PyTorch rounds.
func bfloat16(v float32) uint16 {
	bits := math.Float32bits(v)
	if math.IsNaN(float64(v)) {
		return uint16(bits>>16) | 1 // it stays no number
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}

// typeOf is the type of what the network says that a tensor holds. Of one that says nothing it is what frames have.
func typeOf(kind string) datatype {
	if i := slices.IndexFunc(datatypes, func(d datatype) bool { return d.kind == kind }); i >= 0 {
		return datatypes[i]
	}
	return datatypes[0]
}

func (d datatype) integer() bool { return d.most > 0 }

// take looks at a value, and returns it as frames have it.
func (d datatype) take(v float64) (float32, error) {
	switch {
	case d.integer() && (v != math.Trunc(v) || v < d.least || v > d.most): // true for NaN
		return 0, fmt.Errorf("is %v: integers from %.0f to %.0f are allowed", v, d.least, d.most)
	case math.IsNaN(v) || math.IsInf(v, 0):
		return 0, fmt.Errorf("is %v: only finite values are allowed", v)
	case math.Abs(v) > math.MaxFloat32:
		return 0, fmt.Errorf("is %v: it is computed as float32, so at most %v is allowed", v, float32(math.MaxFloat32))
	}
	return float32(v), nil
}

// ofBinary reads all values of binary data.
func (d datatype) ofBinary(data []byte) ([]float32, error) {
	values := make([]float32, len(data)/d.size)
	for i := range values {
		v, err := d.take(d.read(data[i*d.size:]))
		if err != nil {
			return nil, fmt.Errorf("value %d %w", i, err)
		}
		values[i] = v
	}
	return values, nil
}

// appendBinary appends values to binary data.
func (d datatype) appendBinary(to []byte, values []float32) []byte {
	at := len(to)
	to = append(to, make([]byte, d.size*len(values))...)
	for _, v := range values {
		d.put(to[at:], v)
		at += d.size
	}
	return to
}

// ofJSON reads the numbers of a JSON text, which may stand in nested lists, and are as many as are wanted at most.
func (d datatype) ofJSON(text []byte, want int) ([]float32, error) {
	values := make([]float32, 0, min(want, len(text)/2+1))
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '[' || c == ']' || c == ',' || c <= ' ': // it is well-formed already
			i++
			continue
		case len(values) == want:
			return nil, fmt.Errorf("has more than %d values", want)
		}
		end := i
		for end < len(text) && text[end] != ',' && text[end] != ']' && text[end] > ' ' {
			end++
		}
		v, err := d.ofWord(text[i:end])
		if err != nil {
			return nil, fmt.Errorf("value %d %w", len(values), err)
		}
		values, i = append(values, v), end
	}
	return values, nil
}

// ofWord reads one JSON value.
func (d datatype) ofWord(word []byte) (float32, error) {
	switch {
	case d.name == "BOOL" && string(word) == "true":
		return 1, nil
	case d.name == "BOOL" && string(word) == "false":
		return 0, nil
	}
	v, err := strconv.ParseFloat(string(word), 64)
	if err != nil && !math.IsInf(v, 0) { // that is told of by take
		return 0, fmt.Errorf("is %.40s: a number is wanted", word)
	}
	return d.take(v)
}

// appendJSON appends values as a JSON list.
func (d datatype) appendJSON(to []byte, values []float32) []byte {
	to = append(to, '[')
	for i, v := range values {
		if i > 0 {
			to = append(to, ',')
		}
		if d.name == "BOOL" {
			to = strconv.AppendBool(to, v != 0)
		} else {
			to = answer.Number(v).AppendJSON(to)
		}
	}
	return append(to, ']')
}
