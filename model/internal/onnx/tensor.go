package onnx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

const maxRank = 16 // dimensions of a tensor

// Tensor is a constant: its shape, and where its numbers are.
type Tensor struct {
	Name     string
	Type     DataType
	Dims     []int64
	External *External // set when the numbers are in another file

	data   *io.SectionReader // nil when there are none
	varint bool              // data holds varints, not fixed little-endian numbers
}

// External says where the numbers of a tensor are, when they are not in the
// ONNX file.
type External struct {
	Location       string // path relative to the ONNX file, not checked
	Offset, Length int64  // in bytes; Length is -1 when the file does not give it
}

// External lists the tensors whose numbers are in other files.
func (m *Model) External() []*Tensor { return m.Graph.external(nil) }

func (g *Graph) external(all []*Tensor) []*Tensor {
	for i := range g.Initializers {
		if t := &g.Initializers[i]; t.External != nil {
			all = append(all, t)
		}
	}
	for i := range g.Nodes {
		for k := range g.Nodes[i].Attributes {
			a := &g.Nodes[i].Attributes[k]
			if a.Tensor != nil && a.Tensor.External != nil {
				all = append(all, a.Tensor)
			}
			if a.Graph != nil {
				all = a.Graph.external(all)
			}
		}
	}
	return all
}

// Attach gives an external tensor its numbers, which are in the size bytes of r.
func (t *Tensor) Attach(r io.ReaderAt, size int64) error {
	e := t.External
	if !t.Type.Readable() {
		return nil // it is refused when somebody uses it
	}
	want := t.Type.bytes(t.Len())
	if e.Length >= 0 && e.Length != want {
		return fmt.Errorf("%w: tensor %q has %d bytes in %q, want %d for %v %d", ErrMalformed, t.Name, e.Length, e.Location, want, t.Type, t.Dims)
	}
	if e.Offset > size || want > size-e.Offset {
		return fmt.Errorf("%w: tensor %q is bytes %d to %d of %q, which has %d", ErrMalformed, t.Name, e.Offset, e.Offset+want, e.Location, size)
	}
	t.data, t.varint, t.External = io.NewSectionReader(r, e.Offset, want), false, nil
	return nil
}

// FloatTensor is a constant that is not in the file, of the given shape.
func FloatTensor(values []float32, dims ...int64) *Tensor {
	b := make([]byte, 0, 4*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return &Tensor{Type: Float32, Dims: dims, data: io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b)))}
}

func (t *Tensor) field(c *cursor) func(field) error {
	external := false
	// Packed numbers of fixed size lie in the file exactly as raw data does.
	keep := func(f field, varint bool) error {
		if f.typ != protowire.BytesType {
			return fmt.Errorf("%w: field %d of tensor %q is not packed", ErrMalformed, f.num, t.Name)
		}
		if f.body.len() == 0 {
			return nil
		}
		if t.data != nil {
			return fmt.Errorf("%w: tensor %q has its data twice", ErrMalformed, t.Name)
		}
		t.data, t.varint = io.NewSectionReader(c.r, f.body.from, f.body.len()), varint
		return nil
	}
	return func(f field) (err error) {
		switch f.num {
		case 1:
			err = c.numbers(f, protowire.VarintType, func(v uint64) error { return push(c, &t.Dims, int64(v)) })
		case 2:
			t.Type, err = DataType(f.number), f.is(protowire.VarintType)
		case 3:
			err = errors.New("tensors in segments are not supported")
		case 4, 9, 10:
			err = keep(f, false)
		case 5, 7, 11:
			err = keep(f, true)
		case 8:
			t.Name, err = c.text(f)
		case 13:
			err = t.external(c, f)
		case 14:
			external, err = f.number == 1, f.is(protowire.VarintType)
			if external && t.External == nil {
				t.External = &External{Length: -1}
			}
		}
		return err
	}
}

// external reads one key and its value.
func (t *Tensor) external(c *cursor, f field) error {
	if err := c.charge(pairCost); err != nil {
		return err
	}
	if t.External == nil {
		t.External = &External{Length: -1}
	}
	var key, value string
	err := c.message(f, func(f field) (err error) {
		switch f.num {
		case 1:
			key, err = c.text(f)
		case 2:
			value, err = c.text(f)
		}
		return err
	})
	if err != nil {
		return err
	}
	switch key {
	case "location":
		t.External.Location = value
	case "offset":
		t.External.Offset, err = strconv.ParseInt(value, 10, 64)
	case "length":
		t.External.Length, err = strconv.ParseInt(value, 10, 64)
	}
	if err != nil || t.External.Offset < 0 || t.External.Offset > math.MaxInt64/4 || t.External.Length < -1 {
		return fmt.Errorf("%w: external %s of tensor %q is %.40q, want a number of bytes", ErrMalformed, key, t.Name, value)
	}
	return nil
}

// Data is where the numbers are; nil: they are nowhere.
func (t *Tensor) Data() *io.SectionReader { return t.data }

// Len is the number of elements: the product of Dims, checked when the file was
// parsed to be positive, or 0, and in range.
func (t *Tensor) Len() int64 {
	n := int64(1)
	for _, d := range t.Dims {
		n *= d
	}
	return n
}

// check says whether shape, type and data belong together.
func (t *Tensor) check() error {
	if len(t.Dims) > maxRank {
		return fmt.Errorf("%w: %d dimensions, at most %d are allowed", ErrMalformed, len(t.Dims), maxRank)
	}
	n := uint64(1)
	for _, d := range t.Dims {
		hi, lo := bits.Mul64(n, uint64(d))
		if d < 0 || hi != 0 || lo > math.MaxInt64/8 {
			return fmt.Errorf("%w: impossible shape %d", ErrMalformed, t.Dims)
		}
		n = lo
	}
	if t.External != nil || t.varint || !t.Type.Readable() {
		return nil
	}
	have := int64(0)
	if t.data != nil {
		have = t.data.Size()
	}
	if want := t.Type.bytes(int64(n)); have != want {
		return fmt.Errorf("%w: %d bytes of data for %v %d, want %d", ErrMalformed, have, t.Type, t.Dims, want)
	}
	return nil
}
