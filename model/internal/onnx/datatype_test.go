package onnx

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

func TestNumbersOfEveryType(t *testing.T) {
	varints := func(v ...uint64) (b []byte) {
		for _, u := range v {
			b = protowire.AppendVarint(b, u)
		}
		return b
	}
	minus := uint64(1<<64 - 3)
	double := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, math.Float64bits(0.5)), math.Float64bits(-3))
	for about, test := range map[string]struct {
		typ   DataType
		field protowire.Number
		data  []byte
		want  []float32
	}{
		"float16":          {Float16, 9, []byte{0, 0x3c, 0, 0xc2}, []float32{1, -3}},
		"float16, varints": {Float16, 5, varints(0x3c00, 0xc200), []float32{1, -3}},
		"subnormal":        {Float16, 9, []byte{1, 0, 1, 0x80}, []float32{1.0 / (1 << 24), -1.0 / (1 << 24)}},
		"infinite":         {Float16, 9, []byte{0, 0x7c, 0, 0xfc}, []float32{float32(math.Inf(1)), float32(math.Inf(-1))}},
		"bfloat16":         {BFloat16, 9, []byte{0x80, 0x3f, 0x40, 0xc0}, []float32{1, -3}},
		"float64":          {Float64, 10, double, []float32{0.5, -3}},
		"raw float64":      {Float64, 9, double, []float32{0.5, -3}},
		"int8":             {Int8, 9, []byte{1, 253}, []float32{1, -3}},
		"int8, varints":    {Int8, 5, varints(1, minus), []float32{1, -3}},
		"uint8":            {Uint8, 9, []byte{1, 253}, []float32{1, 253}},
		"int16":            {Int16, 9, []byte{1, 0, 253, 255}, []float32{1, -3}},
		"uint16":           {Uint16, 9, []byte{1, 0, 253, 255}, []float32{1, 65533}},
		"bool":             {Bool, 9, []byte{0, 7}, []float32{0, 1}},
		"uint32":           {Uint32, 11, varints(1, 1<<32-1), []float32{1, 1 << 32}},
		"uint64":           {Uint64, 11, varints(1, 1<<63), []float32{1, 1 << 63}},
		"int4":             {Int4, 9, []byte{0xd1}, []float32{1, -3}},
		"uint4":            {Uint4, 9, []byte{0xd1}, []float32{1, 13}},
	} {
		tensor, err := parse(t, str(num(str(nil, 1, []byte{2}), 2, int64(test.typ)), test.field, test.data))
		if err != nil {
			t.Errorf("%s: %v", about, err)
			continue
		}
		got := make([]float32, 2)
		if err := tensor.Floats(got, 0); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, %v, want %v", about, got, err, test.want)
		}
		if err := tensor.Floats(got[:1], 1); err != nil || got[0] != test.want[1] {
			t.Errorf("%s, from the second on: got %v, %v, want %v", about, got[0], err, test.want[1])
		}
	}
}
