package f32

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unsafe"

	"github.com/x448/float16"
)

// Format is how a Matrix stores its weights. Activations are float32 with each.
type Format uint8

const (
	Float32 Format = iota
	Float16        // IEEE 754 half precision
	Int8           // a byte each, and a float32 scale for each group of a row

	// Float16Arithmetic is Float16, and products with several columns are computed so:
	// of processors that MultipliesHalves.
	Float16Arithmetic
)

// group is how many neighbouring weights of a row have a scale in common.
const group = 32

var formats = []string{"float32", "float16", "int8", "float16-arithmetic"}

func (f Format) String() string { return formats[f] }

// ParseFormat reads the name of a format.
func ParseFormat(name string) (Format, error) {
	i := slices.Index(formats, name)
	if i < 0 {
		return 0, fmt.Errorf("use one of %s", strings.Join(formats, ", "))
	}
	if Format(i) == Float16Arithmetic && !multipliesHalves {
		return 0, errors.New("this processor does not compute in half precision, as a Cortex-A76 does: use float16, which stores weights so")
	}
	return Format(i), nil
}

// reduced is weights in fewer bits, in the order of Matrix.data.
type reduced struct {
	format Format
	memory *memory
	half   []uint16
	bytes  []int8
	scales []float32 // of Int8: [Panels][groups of columns][Width]
}

// groups is how many groups of columns there are.
func (m *Matrix) groups() int { return (m.cols + group - 1) / group }

// scales are those of a panel from the group of column k on, one for each row.
func (m *Matrix) scales(panel, k int) []float32 {
	return m.reduced.scales[(panel*m.groups()+k/group)*m.width:]
}

// Store brings the weights into a format, from float32. It changes nothing and
// reports false where that can not hold them: NaN, infinities, or for Float16
// numbers from 65520 on.
func (m *Matrix) Store(f Format) bool {
	if f == Float32 || m.reduced != nil {
		return f == m.Format()
	}
	if !m.fits(f) {
		return false
	}
	s := &reduced{format: f}
	switch f {
	case Float16, Float16Arithmetic:
		s.memory = newMemory((len(m.data) + 1) / 2)
		s.half = words(s.memory.floats)[:len(m.data)]
		for i, v := range m.data {
			s.half[i] = uint16(float16.Fromfloat32(v))
		}
	case Int8:
		scales := m.Panels() * m.groups() * m.width
		s.memory = newMemory(scales + (len(m.data)+3)/4)
		s.scales = s.memory.floats[:scales]
		s.bytes = octets(s.memory.floats[scales:])[:len(m.data)]
		for p := range m.Panels() {
			for g := range m.groups() {
				for r := range m.width {
					at := p*m.pitch() + g*group*m.width + r
					s.scales[(p*m.groups()+g)*m.width+r] = m.quantise(s.bytes, at, min(group, m.cols-g*group))
				}
			}
		}
	}
	m.memory.free()
	m.memory, m.data, m.reduced = s.memory, nil, s
	return true
}

// fits says whether a format can hold all weights.
func (m *Matrix) fits(f Format) bool {
	most := float32(math.MaxFloat32)
	switch f {
	case Float32:
		return true
	case Float16, Float16Arithmetic:
		most = 65519
	}
	for _, v := range m.data {
		if !(v >= -most && v <= most) {
			return false
		}
	}
	return true
}

// quantise stores n weights of a row, Width apart from place at on, and gives
// their scale. Their sum is kept to half a step, by rounding some of them the
// other way: what enters a layer is mostly not negative, and then the errors
// would add up.
func (m *Matrix) quantise(to []int8, at, n int) float32 {
	most := float32(0)
	for i := range n {
		most = max(most, float32(math.Abs(float64(m.data[at+i*m.width]))))
	}
	scale := most / 127
	if scale == 0 || math.IsInf(float64(1/scale), 0) {
		return 0 // the bytes are 0, too
	}
	var errs [group]float32 // of each, in steps
	sum := float32(0)
	for i := range n {
		v := m.data[at+i*m.width] / scale
		q := float32(math.RoundToEven(float64(v)))
		to[at+i*m.width] = int8(q)
		errs[i] = q - v
		sum += errs[i]
	}
	sign := float32(1)
	if sum < 0 {
		sign = -1
	}
	for range int(math.Round(float64(sign * sum))) {
		worst := -1
		for i, e := range errs[:n] {
			if q := to[at+i*m.width]; sign*e > 0 && (worst < 0 || sign*e > sign*errs[worst]) && int8(sign)*q > -127 {
				worst = i
			}
		}
		if worst < 0 {
			break
		}
		to[at+worst*m.width] -= int8(sign)
		errs[worst] -= sign
	}
	return scale
}

// Format is how the weights are stored.
func (m *Matrix) Format() Format {
	if m.reduced == nil {
		return Float32
	}
	return m.reduced.format
}

// pieceColumns is how many columns of a panel are made float32 at a time: what
// comes of them stays in the first-level cache.
const pieceColumns = 128

// piece is memory for one.
type piece [maxWidth * pieceColumns]float32

// weights gives columns [k, k+cols) of a panel as float32, in room where they are
// stored otherwise; k is then a multiple of group.
func (m *Matrix) weights(panel, k, cols int, room []float32) []float32 {
	at, n := panel*m.pitch()+k*m.width, cols*m.width
	if m.reduced == nil {
		return m.data[at:][:n]
	}
	s := m.reduced
	switch room = room[:n]; s.format {
	case Float16, Float16Arithmetic:
		m.expandHalf(room, s.half[at:][:n])
	case Int8:
		m.expandBytes(room, s.bytes[at:][:n], m.scales(panel, k))
	}
	return room
}

// reach brings the weights of panels [from, to) for a block within reach.
func (m *Matrix) reach(b *block, from, to int) {
	b.first = from
	if m.reduced == nil {
		b.weights, b.pitch = m.data[from*m.pitch()+b.row*m.width:], m.pitch()
		return
	}
	b.weights, b.pitch = b.room, b.rows*m.width
	for p := from; p < to; p++ {
		m.weights(p, b.row, b.rows, b.room[(p-from)*b.pitch:])
	}
}

// room is how many floats reach needs for so many panels.
func (m *Matrix) room(panels int) int {
	if m.reduced == nil {
		return 0
	}
	return min(panels, m.Panels()) * min(shapes[m.isa].depth, m.cols) * m.width
}

// even is how many columns are computed at a time, at most so many: about as
// many each time, and whole groups where these have scales.
func (m *Matrix) even(most int) int {
	times := (m.cols + most - 1) / most
	n := (m.cols + times - 1) / times
	if m.reduced != nil {
		n = min((n+group-1)/group*group, most)
	}
	return n
}

func (m *Matrix) expandHalf(to []float32, from []uint16) {
	if len(to) > 0 && reducedKernels[m.isa].expand {
		expandHalf(m.isa, &to[0], &from[0], len(to))
		return
	}
	for i, h := range from {
		to[i] = float16.Float16(h).Float32()
	}
}

func (m *Matrix) expandBytes(to []float32, from []int8, scales []float32) {
	if len(to) > 0 && reducedKernels[m.isa].expand {
		expandBytes(m.isa, &to[0], &from[0], &scales[0], len(to)/m.width)
		return
	}
	for i, b := range from {
		to[i] = float32(b) * scales[i/(group*m.width)*m.width+i%m.width]
	}
}

// words and octets see memory of float32s as that of smaller numbers.
func words(f []float32) []uint16 {
	return unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(f))), 2*len(f))
}

func octets(f []float32) []int8 {
	return unsafe.Slice((*int8)(unsafe.Pointer(unsafe.SliceData(f))), 4*len(f))
}
