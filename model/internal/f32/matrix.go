package f32

import (
	"fmt"
	"unsafe"
)

// Matrix is a layer's weights, rows×cols, laid out for the kernels of this
// machine. It is filled once and then only read, by any number of goroutines.
type Matrix struct {
	rows, cols int
	isa        isa
	width      int // rows of a panel
	memory     *memory
	data       []float32 // Panels × cols × width, 64-byte aligned, or
	reduced    *reduced  // the same in fewer bits
}

// New makes a matrix of zeros, to be filled by SetRows or SetColumns.
func New(rows, cols int) *Matrix { return newFor(native, rows, cols) }

// Pack makes a matrix from row-major weights of exactly rows×cols entries.
func Pack(rows, cols int, w []float32) *Matrix { return packFor(native, rows, cols, w) }

func packFor(i isa, rows, cols int, w []float32) *Matrix {
	m := newFor(i, rows, cols)
	if len(w) != rows*cols {
		panic(fmt.Sprintf("f32: %d weights for %d×%d", len(w), rows, cols))
	}
	m.SetRows(0, w)
	return m
}

func newFor(i isa, rows, cols int) *Matrix {
	if rows < 0 || cols < 0 {
		panic(fmt.Sprintf("f32: matrix of %d×%d", rows, cols))
	}
	m := &Matrix{rows: rows, cols: cols, isa: i, width: shapes[i].width}
	m.memory = newMemory(m.Panels() * cols * m.width)
	m.data = m.memory.floats
	return m
}

// aligned returns n zeros that start on a cache line.
func aligned(n int) []float32 {
	if n == 0 {
		return nil
	}
	const line = 64 / 4
	s := make([]float32, n+line-1)
	skip := 0
	if over := int(uintptr(unsafe.Pointer(&s[0])) % 64 / 4); over != 0 {
		skip = line - over
	}
	return s[skip : skip+n : skip+n]
}

func (m *Matrix) Rows() int { return m.rows }
func (m *Matrix) Cols() int { return m.cols }

// Width is the number of rows of a panel.
func (m *Matrix) Width() int { return m.width }

// Data is the weights as they lie in memory: [Panels][Cols][Width]; nil where they
// are not float32.
func (m *Matrix) Data() []float32 { return m.data }

// Free gives the memory back at once. The matrix is not to be used afterwards.
func (m *Matrix) Free() {
	m.memory.free()
	m.data, m.reduced = nil, nil
}

// Bytes is the memory the weights take, padding included.
func (m *Matrix) Bytes() int {
	if s := m.reduced; s != nil {
		return 2*len(s.half) + len(s.bytes) + 4*len(s.scales)
	}
	return 4 * len(m.data)
}

// Panels is the number of panels, the unit in which work is split.
func (m *Matrix) Panels() int { return (m.rows + m.width - 1) / m.width }

// pitch is the distance between panels in floats.
func (m *Matrix) pitch() int { return m.cols * m.width }

// SetRows stores whole rows, row-major, from row `from` on: as many as w holds.
// A loader that reads a few rows at a time needs no second copy of the weights.
func (m *Matrix) SetRows(from int, w []float32) {
	count := m.count(from, m.rows, len(w), m.cols, "rows")
	for count > 0 {
		n := min(count, m.width-from%m.width) // rows of one panel
		m.setLanes(m.data[from/m.width*m.pitch():], from%m.width, n, w)
		from, count, w = from+n, count-n, w[n*m.cols:]
	}
}

// setLanes stores n rows in a panel, some columns at a time: these stay in the
// cache while row after row fills its lane of them.
func (m *Matrix) setLanes(panel []float32, lane, n int, w []float32) {
	const some = 32
	for k := 0; k < m.cols; k += some {
		end := min(k+some, m.cols)
		for r := range n {
			dst := panel[k*m.width+lane+r:]
			for i, v := range w[r*m.cols+k : r*m.cols+end] {
				dst[i*m.width] = v
			}
		}
	}
}

// SetColumns stores whole columns one after the other, from column `from` on:
// the order of a file that holds the matrix transposed, in×out.
func (m *Matrix) SetColumns(from int, w []float32) {
	count := m.count(from, m.cols, len(w), m.rows, "columns")
	for k := range count {
		column := w[k*m.rows : (k+1)*m.rows]
		for at := (from + k) * m.width; len(column) > 0; at += m.pitch() {
			column = column[copy(m.data[at:at+m.width], column):]
		}
	}
}

// count is how many rows (columns) of length `each` there are in n entries.
func (m *Matrix) count(from, limit, n, each int, what string) int {
	if each == 0 {
		return 0
	}
	count := n / each
	if n%each != 0 || from < 0 || from > limit || count > limit-from {
		panic(fmt.Sprintf("f32: %d weights from %s %d on do not fit %d×%d", n, what, from, m.rows, m.cols))
	}
	return count
}

// Bare makes a matrix without memory, which Lay gives it.
func Bare(rows, cols int) *Matrix {
	return &Matrix{rows: rows, cols: cols, isa: native, width: shapes[native].width, memory: &memory{}}
}

// Floats is how many a matrix takes, padding included.
func (m *Matrix) Floats() int { return m.Panels() * m.cols * m.width }

// Lay puts a bare matrix into memory, on a cache line, and gives what is left.
// Rows or columns are set anew from then on; what is in none of them is 0.
func (m *Matrix) Lay(memory []float32) []float32 {
	skip := 0
	if over := int(uintptr(unsafe.Pointer(unsafe.SliceData(memory))) % 64 / 4); over != 0 {
		skip = 64/4 - over
	}
	n := m.Floats()
	m.data = memory[skip : skip+n : skip+n]
	if padded := m.Panels() * m.width; padded > m.rows {
		clear(m.data[(m.Panels()-1)*m.pitch():])
	}
	return memory[skip+n:]
}
