package input

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/x448/float16"
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
	if len(a.shape) == 0 {
		return array{}, errors.New("its shape is (), which is one number without rows: save numpy.atleast_2d(x)")
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
	if err == nil && a.kind != "f4" {
		err = fmt.Errorf("its elements are %s, and f4 is needed: save x.astype(numpy.float32)", a.kind)
	}
	if err != nil {
		return nil, nil, err
	}
	values, err := elements[float32](a)
	return values, a.shape, err
}

// numpyKinds are the kinds of arrays whose elements can be frames, by what a network's input says that it holds.
var numpyKinds = map[string]string{
	"float32": "f4", "float16": "f2", "float64": "f8", "int64": "i8", "int32": "i4", "int16": "i2", "int8": "i1",
	"uint64": "u8", "uint32": "u4", "uint16": "u2", "uint8": "u1", "bool": "b1",
}

// numpyName is the type that an array has for an input that holds that; others are given as float32.
func numpyName(holds string) string {
	if numpyKinds[holds] == "" {
		return "float32"
	}
	return holds
}

func numpyKind(holds string) string { return numpyKinds[numpyName(holds)] }

// kindFits says that elements of a kind may be given where another is wanted: integers of any width are the same
// numbers, and float32 is what is computed with.
func kindFits(kind, want string) bool {
	whole := func(kind string) bool { return kind[0] != 'f' }
	return kind == want || kind == "f4" || whole(kind) && whole(want)
}

// readNumbers reads an array of any kind as float32, its kind and its shape. What float32 can't hold exactly is refused,
// as a token would become another one.
func readNumbers(path string) (values []float32, kind string, shape []int, err error) {
	a, err := openNPY(path)
	if err != nil {
		return nil, "", nil, err
	}
	read := map[string]func(array) ([]float32, error){
		"f4": elements[float32], "f2": halves, "f8": narrowed[float64], "b1": narrowed[uint8],
		"i8": narrowed[int64], "i4": narrowed[int32], "i2": narrowed[int16], "i1": narrowed[int8],
		"u8": narrowed[uint64], "u4": narrowed[uint32], "u2": narrowed[uint16], "u1": narrowed[uint8],
	}[a.kind]
	if read == nil {
		return nil, "", nil, fmt.Errorf("its elements are %s, and numbers are needed: save x.astype(numpy.float32)", a.kind)
	}
	values, err = read(a)
	return values, a.kind, a.shape, err
}

// narrowed reads elements as float32.
func narrowed[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float64](a array) ([]float32, error) {
	const exact = 1 << 24
	from, err := elements[T](a)
	values := make([]float32, len(from))
	for i, v := range from {
		if whole := a.kind[0] != 'f'; whole && (float64(v) > exact || float64(v) < -exact) {
			return nil, fmt.Errorf("value %d is %v: integers of up to %d are exact, and allowed", i, v, exact)
		}
		values[i] = float32(v)
	}
	return values, err
}

// halves reads IEEE 754 half precision.
func halves(a array) ([]float32, error) {
	from, err := elements[uint16](a)
	values := make([]float32, len(from))
	for i, h := range from {
		values[i] = float16.Frombits(h).Float32()
	}
	return values, err
}

// elements are those of an array whose kind is T's.
func elements[T any](a array) ([]T, error) {
	values := make([]T, len(a.data)/binary.Size(*new(T)))
	_, err := binary.Decode(a.data, a.order, values)
	return values, err
}
