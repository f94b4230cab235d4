package op

import (
	"slices"

	"tandem/model/internal/f32"
	"tandem/model/internal/onnx"
)

// quantised is where the numbers of a constant come from that a DequantizeLinear
// gives: integers of eight bits or fewer, which stay as they are until somebody
// wants the numbers.
type quantised struct {
	scales
	of          onnx.DataType
	bytes       []byte       // a number each, or
	file        *onnx.Tensor // where they are
	scale, zero []float32    // zero may be nil
}

// foldDequantize leaves weights as they are, and notes what they stand for.
func foldDequantize(n *Node) error {
	if err := n.takes(2, 3); err != nil {
		return err
	}
	c := n.In[0].Constant
	if least, most := c.Type.Range(); !c.Type.Integer() || most-least > 255 || c.order != nil || c.volume() < 1 {
		return n.fold(Operator{Read: dequantizeLinear})
	}
	g, shape, err := n.scales()
	if err != nil {
		return err
	}
	q := &quantised{scales: g, of: c.Type, file: c.file}
	if q.scale, err = n.reals(1); err != nil {
		return err
	}
	if n.has(2) {
		if err := n.In[2].Constant.know(n.Budget); err != nil {
			return err
		}
		if q.zero, err = n.In[2].Constant.floats(); err != nil {
			return err
		}
	}
	if c.file == nil {
		if err := n.Budget.spend(c.volume()); err != nil {
			return err
		}
		for _, v := range c.ints {
			q.bytes = append(q.bytes, byte(v))
		}
	}
	return n.known(&Constant{Type: n.holds(1), Dims: wide(shape), quantised: q})
}

// number is what element i stands for, which is a byte.
func (q *quantised) number(i int, b byte) float32 {
	s := q.scales.of(i)
	v := float32(q.of.Wrap(int64(b)))
	if q.zero != nil {
		v -= q.zero[s]
	}
	return v * q.scale[s]
}

// integers are the elements as bytes.
func (q *quantised) integers(count int) ([]byte, error) {
	if q.file == nil {
		return q.bytes, nil
	}
	all := make([]byte, count)
	var block [1 << 12]float32
	for at := 0; at < count; at += len(block) {
		some := block[:min(len(block), count-at)]
		if err := q.file.Floats(some, int64(at)); err != nil {
			return nil, err
		}
		for i, v := range some {
			all[at+i] = byte(int(v))
		}
	}
	return all, nil
}

func (q *quantised) floats(count int) ([]float32, error) {
	all, err := q.integers(count)
	if err != nil {
		return nil, err
	}
	f := make([]float32, count)
	for i, b := range all {
		f[i] = q.number(i, b)
	}
	return f, nil
}

// narrow is the weights of a layer as bytes, which become a matrix each time that
// it is computed: a fourth of the memory, and one matrix for all layers.
type narrow struct {
	*quantised
	bytes  []byte
	times  []float32 // of each row
	across bool      // the matrix is there column by column
}

// narrowed gives the bytes of quantised weights, of which each row is multiplied
// by a number of its own; nil where the constant is none.
func (c *Constant) narrowed(times []float32, across bool) (*narrow, error) {
	if c.quantised == nil {
		return nil, nil
	}
	all, err := c.quantised.integers(int(c.volume()))
	if err != nil {
		return nil, err
	}
	return &narrow{quantised: c.quantised, bytes: slices.Clip(all), times: times, across: across}, nil
}

// room is how many floats fill needs: the matrix on a cache line, and some of
// its rows.
func (w *narrow) room(m *f32.Matrix) int {
	if w == nil {
		return 0
	}
	return m.Floats() + 16 + m.Width()*max(m.Cols(), m.Rows())
}

// fill makes the matrix, whose first row is row first of the weights, in memory
// that it is given, and gives what is left of that.
func (w *narrow) fill(m *f32.Matrix, first int, memory []float32) []float32 {
	if w == nil {
		return memory
	}
	rest := m.Lay(memory)
	lines, each := m.Rows(), m.Cols()
	if w.across {
		lines, each = each, lines
	}
	for from := 0; from < lines; from += m.Width() {
		count := min(m.Width(), lines-from)
		block := rest[:count*each]
		at := (first + from) * each
		for i := range block {
			row := first + from + i/each
			if w.across {
				row = i % each
			}
			block[i] = w.number(at+i, w.bytes[at+i]) * w.times[row]
		}
		if w.across {
			m.SetColumns(from, block)
		} else {
			m.SetRows(from, block)
		}
	}
	return rest
}
