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

	"github.com/x448/float16"
)

// array is what a .npy file holds (NEP 1, versions 1 to 3), in C order.
type array struct {
	kind  string // of an element: f4, i8, u1 …
	order binary.ByteOrder
	shape []int
	data  []byte
}

// The header is a Python dictionary, and a sorted one; of its syntax numpy writes only this.
var (
	npyKind  = regexp.MustCompile(`'descr':\s*(?:'([<>|=]?)([^']*)'|(\[))`)
	npyOrder = regexp.MustCompile(`'fortran_order':\s*(True|False)`)
	npyShape = regexp.MustCompile(`'shape':\s*\(([0-9, ]*)\)`)
)

var errNPY = errors.New("it is no .npy file: write it with numpy.save")

// openNPY reads a .npy file, or an array of a .npz file: path, or path:name. A wrong header costs no more memory than the
// file has bytes.
func openNPY(path string) (array, error) {
	var file []byte
	var err error
	if archive, member := splitMember(path); isArchive(archive) {
		file, err = readMember(archive, member)
	} else {
		file, err = os.ReadFile(path)
	}
	if err != nil {
		return array{}, err
	}
	return parseNPY(file)
}

func parseNPY(file []byte) (array, error) {
	header, data, err := splitNPY(file)
	if err != nil {
		return array{}, err
	}
	kind, order, shape := npyKind.FindStringSubmatch(header), npyOrder.FindStringSubmatch(header), npyShape.FindStringSubmatch(header)
	if kind == nil || order == nil || shape == nil {
		return array{}, fmt.Errorf("%w (its header is %.80q)", errNPY, header)
	}
	if how := unfit(kind[2], kind[3] != ""); how != "" {
		return array{}, errors.New(how)
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
	if width < 1 || elements*width != int64(len(data)) {
		return array{}, fmt.Errorf("it has %d bytes of data, and %d elements of %q need %d: it is cut short or damaged", len(data), elements, a.kind, elements*width)
	}
	if order[1] == "True" {
		a.data = rowMajor(data, a.shape, int(width))
	}
	return a, nil
}

// unfit says why elements of a kind are no numbers that can be read, and how to save them; empty: they are.
func unfit(kind string, fields bool) string {
	switch {
	case fields:
		return "it is a structured array, of records: save one field, as in numpy.save(path, x['name'])"
	case kind == "O":
		return "its elements are Python objects, as of lists of unequal lengths: make them equally long, and save numpy.array(x, dtype=numpy.float32)"
	case !numberKind.MatchString(kind):
		what := map[byte]string{'U': "strings", 'S': "strings", 'a': "strings", 'M': "dates", 'm': "spans of time", 'c': "complex numbers", 'V': "bytes without a type", 'f': "of a width that differs between machines"}
		if kind != "" && what[kind[0]] != "" {
			kind += ", " + what[kind[0]]
		}
		return fmt.Sprintf("its elements are %s, and numbers are needed: save x.astype(numpy.float32)", kind)
	}
	return ""
}

var numberKind = regexp.MustCompile(`^(f[248]|[iu][1248]|b1)$`)

// rowMajor turns Fortran order, in which the first dimension runs fastest, into C order.
func rowMajor(from []byte, shape []int, width int) []byte {
	to := make([]byte, 0, len(from))
	strides, stride := make([]int, len(shape)), width
	for i, d := range shape {
		strides[i] = stride
		stride *= d
	}
	at := make([]int, len(shape))
	for offset := 0; len(to) < len(from); {
		to = append(to, from[offset:offset+width]...)
		for i := len(shape) - 1; i >= 0; i-- {
			at[i]++
			offset += strides[i]
			if at[i] < shape[i] {
				break
			}
			offset -= at[i] * strides[i]
			at[i] = 0
		}
	}
	return to
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

// holding is what elements of a type can be.
type holding struct {
	least, most float64
	whole       bool
}

// holdings are by what a network's input says that it holds. Others hold any number.
var holdings = map[string]holding{
	"float16": {-65504, 65504, false}, "bool": {0, 1, true},
	"int64": {-exact, exact, true}, "int32": {-exact, exact, true}, "int16": {math.MinInt16, math.MaxInt16, true}, "int8": {math.MinInt8, math.MaxInt8, true},
	"uint64": {0, exact, true}, "uint32": {0, exact, true}, "uint16": {0, math.MaxUint16, true}, "uint8": {0, math.MaxUint8, true},
}

// exact is up to which integer each one is exact as float32, which is what is computed with.
const exact = 1 << 24

// misfit finds the first value that an input can't hold; -1: it holds all.
func misfit(values []float32, holds string) (at int, why string) {
	h, bounded := holdings[holds]
	if !bounded {
		return -1, ""
	}
	for i, v := range values {
		switch v := float64(v); {
		case v < h.least || v > h.most:
			return i, fmt.Sprintf("%v to %v are allowed", h.least, h.most)
		case h.whole && v != math.Trunc(v):
			return i, "whole numbers are allowed"
		}
	}
	return -1, ""
}

// readNumbers reads an array of any kind as float32, its kind and its shape. What float32 can't hold exactly is refused,
// as a token would become another one.
func readNumbers(path string) (values []float32, kind string, shape []int, err error) {
	a, err := openNPY(path)
	if err != nil {
		return nil, "", nil, err
	}
	read := map[string]func(array) ([]float32, error){
		"f4": elements[float32], "f8": narrowed[float64], "f2": halves, "b1": narrowed[uint8],
		"i8": narrowed[int64], "i4": narrowed[int32], "i2": narrowed[int16], "i1": narrowed[int8],
		"u8": narrowed[uint64], "u4": narrowed[uint32], "u2": narrowed[uint16], "u1": narrowed[uint8],
	}[a.kind]
	values, err = read(a)
	return values, a.kind, a.shape, err
}

// narrowed reads elements as float32.
func narrowed[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float64](a array) ([]float32, error) {
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
