package onnx

import (
	"encoding/binary"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

const maxInts = 1 << 12 // integers that Ints reads: shapes and axes, not data

// Floats reads len(dst) elements from element at on, in the order of the file
// (row by row). Only those bytes are read, in pieces.
func (t *Tensor) Floats(dst []float32, at int64) error {
	if err := t.readable(Float32); err != nil {
		return err
	}
	var piece [16 << 10]byte
	for len(dst) > 0 {
		n := min(len(dst), len(piece)/4)
		b := piece[:4*n]
		if k, err := t.data.ReadAt(b, 4*at); k < len(b) {
			return fmt.Errorf("read element %d of tensor %q: %w", at, t.Name, err)
		}
		for i := range dst[:n] {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		}
		dst, at = dst[n:], at+int64(n)
	}
	return nil
}

// Ints reads all elements of a small integer constant, such as a shape.
func (t *Tensor) Ints() ([]int64, error) {
	if t.Type != Int32 && t.Type != Int64 {
		return nil, fmt.Errorf("tensor %q holds %v, want int64 or int32", t.Name, t.Type)
	}
	n := t.Len()
	if n > maxInts {
		return nil, fmt.Errorf("tensor %q has %d integers where at most %d make sense", t.Name, n, maxInts)
	}
	if n == 0 {
		return nil, nil
	}
	if err := t.readable(t.Type); err != nil {
		return nil, err
	}
	// A varint takes ten bytes at most; what is beyond is one too many.
	b := make([]byte, min(t.data.Size(), 10*n+1))
	if k, err := t.data.ReadAt(b, 0); k < len(b) {
		return nil, fmt.Errorf("read tensor %q: %w", t.Name, err)
	}
	ints := make([]int64, 0, n)
	for len(b) > 0 {
		k := int(t.Type.size())
		var v uint64
		switch {
		case t.varint:
			if v, k = protowire.ConsumeVarint(b); k < 0 {
				return nil, fmt.Errorf("%w: tensor %q: %v", ErrMalformed, t.Name, protowire.ParseError(k))
			}
		case t.Type == Int64:
			v = binary.LittleEndian.Uint64(b)
		default:
			v = uint64(int64(int32(binary.LittleEndian.Uint32(b))))
		}
		ints, b = append(ints, int64(v)), b[k:]
	}
	if int64(len(ints)) != n {
		return nil, fmt.Errorf("%w: tensor %q has %d integers, want %d for %d", ErrMalformed, t.Name, len(ints), n, t.Dims)
	}
	return ints, nil
}

func (t *Tensor) readable(want DataType) error {
	switch {
	case t.Type != want:
		return fmt.Errorf("tensor %q holds %v, want %v", t.Name, t.Type, want)
	case t.External != nil:
		return fmt.Errorf("the numbers of tensor %q are in the file %q", t.Name, t.External.Location)
	case t.data == nil:
		return fmt.Errorf("%w: tensor %q has no data", ErrMalformed, t.Name)
	case t.varint && want == Float32:
		return fmt.Errorf("%w: tensor %q holds integers, want %v", ErrMalformed, t.Name, want)
	}
	return nil
}
