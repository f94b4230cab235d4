package role

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"codeberg.org/sbinet/npyio/npy"
)

// readNPY reads a whole .npy file of one element type, and returns its elements in C order and its shape.
func readNPY[T any](path, want string) (data []T, shape []int, err error) {
	file, header, err := openNPY(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	defer recovered(&err)
	shape = header.Header.Descr.Shape
	err = header.Read(&data)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || err == nil && len(data) != size(shape) {
		return nil, nil, fmt.Errorf("it is cut short: its shape is %v", shape)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("its elements are %q, and %s is needed: %w", header.Header.Descr.Type, want, err)
	}
	return data, shape, nil
}

// readIntegers reads a .npy file of integers of any width.
func readIntegers(path string) ([]int, error) {
	file, header, err := openNPY(path)
	if err != nil {
		return nil, err
	}
	kind := header.Header.Descr.Type
	if err := file.Close(); err != nil {
		return nil, err
	}
	if len(kind) > 2 {
		kind = kind[len(kind)-3 : len(kind)-1] // of '<i8', quotes included: i8
	}
	switch kind {
	case "i1":
		return integers[int8](path)
	case "u1":
		return integers[uint8](path)
	case "i2":
		return integers[int16](path)
	case "u2":
		return integers[uint16](path)
	case "i4":
		return integers[int32](path)
	case "u4":
		return integers[uint32](path)
	case "i8":
		return integers[int64](path)
	case "u8":
		return integers[uint64](path)
	}
	return nil, fmt.Errorf("its elements are %s: integers are needed", header.Header.Descr.Type)
}

func integers[T int8 | uint8 | int16 | uint16 | int32 | uint32 | int64 | uint64](path string) ([]int, error) {
	data, _, err := readNPY[T](path, "an integer type")
	if err != nil {
		return nil, err
	}
	out := make([]int, len(data))
	for i, v := range data {
		if w := int64(v); w != int64(int32(w)) || (w > 0) != (v > 0) { // the second: 64 unsigned bits
			return nil, fmt.Errorf("element %d is %d: 32 bits are allowed", i, v)
		}
		out[i] = int(v)
	}
	return out, nil
}

// openNPY reads the header and checks it against the file's size, so that a wrong one costs no memory.
func openNPY(path string) (file *os.File, r *npy.Reader, err error) {
	file, err = os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			_ = file.Close()
		}
	}()
	defer recovered(&err)
	info, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	// Version 2 has a length field of 32 bits, for headers that no array of numbers has: they may not cost memory.
	var start [12]byte
	_, err = file.ReadAt(start[:], 0)
	version, header := start[6], binary.LittleEndian.Uint32(start[8:])
	if err != nil || string(start[:6]) != "\x93NUMPY" || version < 1 || version > 2 || version == 2 && header > 1<<16 {
		return nil, nil, fmt.Errorf("it is no .npy file of version 1 or 2: write it with numpy.save")
	}
	r, err = npy.NewReader(file)
	if err != nil {
		return nil, nil, err
	}
	shape := r.Header.Descr.Shape
	if r.Header.Descr.Fortran && len(shape) > 1 {
		return nil, nil, fmt.Errorf("it is in Fortran order: save numpy.ascontiguousarray(x)")
	}
	elements := int64(1)
	for _, d := range shape {
		if d < 1 || elements > info.Size()/int64(d) {
			return nil, nil, fmt.Errorf("its shape is %v, and the file has %d bytes: it is empty, cut short or damaged", shape, info.Size())
		}
		elements *= int64(d)
	}
	return file, r, nil
}

// recovered turns a panic of the .npy reader, which trusts the header's syntax, into an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("its header is damaged (%v)", p)
	}
}
