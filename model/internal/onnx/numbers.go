package onnx

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// Floats reads len(dst) elements from element at on as float32, in the order of
// the file (row by row), whatever type they have there. Only those bytes are
// read, in pieces.
func (t *Tensor) Floats(dst []float32, at int64) error {
	if t.Type == Float32 && !t.varint {
		return t.plain(dst, at)
	}
	i := 0
	return t.each(at, int64(len(dst)), func(bits uint64) {
		dst[i] = t.Type.float(bits)
		i++
	})
}

// plain is Floats for numbers that lie in the file as they are.
func (t *Tensor) plain(dst []float32, at int64) error {
	if err := t.readable(); err != nil {
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

// Ints reads all elements of an integer tensor. The file is at least as long as
// they are many, so the memory for them is in proportion to it.
func (t *Tensor) Ints() ([]int64, error) {
	if !t.Type.Integer() {
		return nil, fmt.Errorf("tensor %q holds %v, want integers", t.Name, t.Type)
	}
	n := t.Len()
	if n == 0 {
		return nil, nil
	}
	if err := t.readable(); err != nil {
		return nil, err
	}
	if t.varint && t.data.Size() < n {
		return nil, fmt.Errorf("%w: tensor %q has %d bytes for %d integers", ErrMalformed, t.Name, t.data.Size(), n)
	}
	ints := make([]int64, 0, n)
	err := t.each(0, n, func(bits uint64) { ints = append(ints, t.Type.integer(bits)) })
	return ints, err
}

// each calls visit for the bits of count elements from element at on.
func (t *Tensor) each(at, count int64, visit func(bits uint64)) error {
	if count == 0 {
		return nil
	}
	if err := t.readable(); err != nil {
		return err
	}
	if t.varint {
		return t.varints(at, count, visit)
	}
	width := t.Type.bits()
	from := at * width / 8
	r := bufio.NewReaderSize(io.NewSectionReader(t.data, from, t.data.Size()-from), 16<<10)
	var b [8]byte
	for i := at; i < at+count; i++ {
		if width > 4 || i%2 == 0 || i == at {
			if _, err := io.ReadFull(r, b[:max(1, width/8)]); err != nil {
				return fmt.Errorf("read element %d of tensor %q: %w", i, t.Name, err)
			}
		}
		if width > 4 {
			visit(binary.LittleEndian.Uint64(b[:]))
		} else {
			visit(uint64(b[0] >> (4 * (i % 2)) & 15))
		}
	}
	return nil
}

// varints is each for a list of varints, which has to be read from its start.
func (t *Tensor) varints(at, count int64, visit func(bits uint64)) error {
	r := bufio.NewReaderSize(io.NewSectionReader(t.data, 0, t.data.Size()), 4<<10)
	for i := int64(0); i < t.Len(); i++ {
		v, err := binary.ReadUvarint(r)
		if err != nil {
			return fmt.Errorf("%w: tensor %q has %d integers, want %d for %d (%v)", ErrMalformed, t.Name, i, t.Len(), t.Dims, err)
		}
		if i >= at+count {
			break
		}
		if i >= at {
			visit(v)
		}
	}
	have := t.Len()
	for at+count >= t.Len() {
		if _, err := binary.ReadUvarint(r); err != nil {
			break
		}
		have++
	}
	if have != t.Len() {
		return fmt.Errorf("%w: tensor %q has %d integers, want %d for %d", ErrMalformed, t.Name, have, t.Len(), t.Dims)
	}
	return nil
}

func (t *Tensor) readable() error {
	switch {
	case !t.Type.Readable():
		return fmt.Errorf("tensor %q holds %v, which is not read", t.Name, t.Type)
	case t.External != nil:
		return fmt.Errorf("the numbers of tensor %q are in the file %q", t.Name, t.External.Location)
	case t.data == nil:
		return fmt.Errorf("%w: tensor %q has no data", ErrMalformed, t.Name)
	}
	return nil
}
