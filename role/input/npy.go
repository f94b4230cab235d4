package input

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// array is what a .npy file holds (NEP 1, versions 1 to 3): elements in C order.
type array struct {
	kind  string // of an element: f4, i8, u1 …
	order binary.ByteOrder
	shape []int
	data  []byte
}

// The header is a Python dictionary, and a sorted one; of its syntax numpy writes only this.
var (
	npyKind  = regexp.MustCompile(`'descr':\s*'([<>|=])([a-z][0-9]+)'`)
	npyOrder = regexp.MustCompile(`'fortran_order':\s*(True|False)`)
	npyShape = regexp.MustCompile(`'shape':\s*\(([0-9, ]*)\)`)
)

var errNPY = errors.New("it is no .npy file: write it with numpy.save")

// openNPY reads a .npy file. A wrong header costs no more memory than the file has bytes.
func openNPY(path string) (array, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return array{}, err
	}
	header, data, err := splitNPY(file)
	if err != nil {
		return array{}, err
	}
	kind, order, shape := npyKind.FindStringSubmatch(header), npyOrder.FindStringSubmatch(header), npyShape.FindStringSubmatch(header)
	if kind == nil || order == nil || shape == nil {
		return array{}, fmt.Errorf("%w (its header is %.80q)", errNPY, header)
	}
	a := array{kind: kind[2], order: binary.LittleEndian, data: data}
	if kind[1] == ">" {
		a.order = binary.BigEndian
	}
	width, _ := strconv.ParseInt(a.kind[1:], 10, 16) // digits by the pattern; too many give 0 below
	elements := int64(1)
	for text := range strings.SplitSeq(shape[1], ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		d, err := strconv.ParseInt(text, 10, 32)
		if err != nil || d < 1 || elements > int64(len(data))/d {
			return array{}, fmt.Errorf("its shape is (%s), and it has %d bytes of data: it is empty, cut short or damaged", shape[1], len(data))
		}
		elements *= d
		a.shape = append(a.shape, int(d))
	}
	if order[1] == "True" && len(a.shape) > 1 {
		return array{}, fmt.Errorf("it is in Fortran order: save numpy.ascontiguousarray(x)")
	}
	if width < 1 || elements*width != int64(len(data)) {
		return array{}, fmt.Errorf("it has %d bytes of data, and %d elements of %q need %d: it is cut short or damaged", len(data), elements, a.kind, elements*width)
	}
	return a, nil
}

// splitNPY returns the header's text and the data behind it.
func splitNPY(file []byte) (header string, data []byte, err error) {
	const start = len("\x93NUMPY") + 2 // and the version
	if len(file) < start+4 || string(file[:6]) != "\x93NUMPY" || file[6] < 1 || file[6] > 3 {
		return "", nil, errNPY
	}
	size, at := uint64(binary.LittleEndian.Uint16(file[start:])), start+2
	if file[6] > 1 {
		size, at = uint64(binary.LittleEndian.Uint32(file[start:])), start+4
	}
	if size > uint64(len(file)-at) {
		return "", nil, fmt.Errorf("%w: it ends within its header", errNPY)
	}
	return string(file[at:][:size]), file[at:][size:], nil
}

// ReadFloats reads a float32 array and its shape.
func ReadFloats(path string) ([]float32, []int, error) {
	a, err := openNPY(path)
	if err != nil {
		return nil, nil, err
	}
	values, err := a.floats()
	return values, a.shape, err
}

// readIntegers reads an array of integers.
func readIntegers(path string) ([]int, error) {
	a, err := openNPY(path)
	if err != nil {
		return nil, err
	}
	return a.integers()
}

// floats returns the elements of a float32 array.
func (a array) floats() ([]float32, error) {
	if a.kind != "f4" {
		return nil, fmt.Errorf("its elements are %s, and f4 is needed: save x.astype(numpy.float32)", a.kind)
	}
	values := make([]float32, len(a.data)/4)
	for i := range values {
		values[i] = math.Float32frombits(a.order.Uint32(a.data[4*i:]))
	}
	return values, nil
}

// integers returns the elements of an array of integers of any width that fit in 32 bits.
func (a array) integers() ([]int, error) {
	var at func(b []byte) int64
	switch a.kind {
	case "i1":
		at = func(b []byte) int64 { return int64(int8(b[0])) }
	case "u1":
		at = func(b []byte) int64 { return int64(b[0]) }
	case "i2":
		at = func(b []byte) int64 { return int64(int16(a.order.Uint16(b))) }
	case "u2":
		at = func(b []byte) int64 { return int64(a.order.Uint16(b)) }
	case "i4":
		at = func(b []byte) int64 { return int64(int32(a.order.Uint32(b))) }
	case "u4":
		at = func(b []byte) int64 { return int64(a.order.Uint32(b)) }
	case "i8":
		at = func(b []byte) int64 { return int64(a.order.Uint64(b)) }
	case "u8":
		at = func(b []byte) int64 { return int64(min(a.order.Uint64(b), math.MaxInt64)) }
	default:
		return nil, fmt.Errorf("its elements are %s, and integers are needed: save x.astype(numpy.int64)", a.kind)
	}
	width := int(a.kind[1] - '0')
	values := make([]int, len(a.data)/width)
	for i := range values {
		v := at(a.data[i*width:])
		if v < math.MinInt32 || v > math.MaxInt32 {
			return nil, fmt.Errorf("element %d is %d: 32 bits are allowed", i, v)
		}
		values[i] = int(v)
	}
	return values, nil
}
