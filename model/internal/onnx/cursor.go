package onnx

import (
	"fmt"
	"io"
	"reflect"

	"google.golang.org/protobuf/encoding/protowire"
)

const (
	window   = 4096    // bytes read at once; the graph is small, and weights are skipped
	maxField = 20      // the longest tag and varint together
	maxText  = 1 << 16 // longest name or string, in bytes
)

// cursor walks protobuf messages in r. Positions only grow, so that the whole
// walk reads each byte once at most, and it remembers one window of bytes.
type cursor struct {
	r      io.ReaderAt
	buf    []byte // bytes of the file ...
	at     int64  // ... from here
	budget int64  // bytes that may still be allocated
	depth  int    // of the graph at hand in others
}

// span is a part of the file: a message, or a value whose length is known.
type span struct{ from, to int64 }

func (s span) len() int64 { return s.to - s.from }

// field is one field of a message. number holds a varint or a fixed value,
// body a value with a length.
type field struct {
	num    protowire.Number
	typ    protowire.Type
	number uint64
	body   span
}

// fields calls visit for each field of message m.
func (c *cursor) fields(m span, visit func(field) error) error {
	for pos := m.from; pos < m.to; {
		b, err := c.peek(pos, min(maxField, m.to-pos))
		if err != nil {
			return err
		}
		f, n := consume(b)
		if n < 0 {
			return fmt.Errorf("%w: byte %d: %v", ErrMalformed, pos, protowire.ParseError(n))
		}
		pos += int64(n)
		switch f.typ {
		case protowire.VarintType, protowire.Fixed32Type, protowire.Fixed64Type:
		case protowire.BytesType:
			if f.number > uint64(m.to-pos) {
				return fmt.Errorf("%w: byte %d: field %d has %d bytes where %d are left",
					ErrMalformed, pos, f.num, f.number, m.to-pos)
			}
			f.body = span{pos, pos + int64(f.number)}
			pos = f.body.to
		default: // groups, which ONNX does not use and which could nest without end
			return fmt.Errorf("%w: byte %d: field %d has wire type %d, which ONNX does not use", ErrMalformed, pos, f.num, f.typ)
		}
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

// consume reads a tag and the number after it; n < 0 is protowire's error code.
func consume(b []byte) (f field, n int) {
	num, typ, n := protowire.ConsumeTag(b)
	if n < 0 {
		return f, n
	}
	f.num, f.typ = num, typ
	m := 0
	switch typ {
	case protowire.VarintType, protowire.BytesType:
		f.number, m = protowire.ConsumeVarint(b[n:])
	case protowire.Fixed32Type:
		var v uint32
		v, m = protowire.ConsumeFixed32(b[n:])
		f.number = uint64(v)
	case protowire.Fixed64Type:
		f.number, m = protowire.ConsumeFixed64(b[n:])
	}
	if m < 0 {
		return f, m
	}
	return f, n + m
}

// is says whether field f has type typ, as the format demands.
func (f field) is(typ protowire.Type) error {
	if f.typ != typ {
		return fmt.Errorf("%w: field %d has wire type %d, want %d", ErrMalformed, f.num, f.typ, typ)
	}
	return nil
}

// peek returns n bytes at pos, which are valid until the next call.
func (c *cursor) peek(pos, n int64) ([]byte, error) {
	if pos < c.at || pos+n > c.at+int64(len(c.buf)) {
		c.buf = c.buf[:cap(c.buf)]
		k, err := c.r.ReadAt(c.buf, pos)
		if c.buf, c.at = c.buf[:k], pos; int64(k) < n {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, fmt.Errorf("read at byte %d: %w", pos, err)
		}
	}
	return c.buf[pos-c.at:][:n], nil
}

// text reads the string in f.
func (c *cursor) text(f field) (string, error) {
	if err := f.is(protowire.BytesType); err != nil {
		return "", err
	}
	n := f.body.len()
	if n > maxText {
		return "", fmt.Errorf("%w: field %d is a string of %d bytes, at most %d are allowed", ErrMalformed, f.num, n, maxText)
	}
	if err := c.charge(2 * n); err != nil {
		return "", err
	}
	if n <= window {
		b, err := c.peek(f.body.from, n)
		return string(b), err
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(c.r, f.body.from, n), b); err != nil {
		return "", fmt.Errorf("read at byte %d: %w", f.body.from, err)
	}
	return string(b), nil
}

// numbers calls add for each varint or fixed number of a repeated field, which
// may come one by one or packed.
func (c *cursor) numbers(f field, typ protowire.Type, add func(uint64) error) error {
	if f.typ == typ {
		return add(f.number)
	}
	if err := f.is(protowire.BytesType); err != nil {
		return err
	}
	for pos := f.body.from; pos < f.body.to; {
		b, err := c.peek(pos, min(maxField, f.body.to-pos))
		if err != nil {
			return err
		}
		var v uint64
		var n int
		if typ == protowire.VarintType {
			v, n = protowire.ConsumeVarint(b)
		} else {
			var w uint32
			w, n = protowire.ConsumeFixed32(b)
			v = uint64(w)
		}
		if n < 0 {
			return fmt.Errorf("%w: byte %d: %v", ErrMalformed, pos, protowire.ParseError(n))
		}
		if err := add(v); err != nil {
			return err
		}
		pos += int64(n)
	}
	return nil
}

// push appends v to list and charges what that allocates.
func push[T any](c *cursor, list *[]T, v T) error {
	if n := len(*list); n == cap(*list) {
		room := max(1, 2*n)
		if err := c.charge(int64(room) * int64(reflect.TypeFor[T]().Size())); err != nil {
			return err
		}
		*list = append(make([]T, 0, room), *list...)
	}
	*list = append(*list, v)
	return nil
}

// charge takes n bytes from the budget, before they are allocated.
func (c *cursor) charge(n int64) error {
	if c.budget -= n; c.budget < 0 {
		return fmt.Errorf("%w: it describes more than its size allows", ErrMalformed)
	}
	return nil
}
