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
	stands      [256]float32 // for which integer of its type a byte does
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
	q := &quantised{scales: g, file: c.file}
	for b := range q.stands {
		q.stands[b] = float32(c.Type.Wrap(int64(b)))
	}
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

// numbers are what bytes stand for, which are the elements from element first on.
func (q *quantised) numbers(to []float32, bytes []byte, first int) {
	bytes = bytes[:len(to)]
	for i := 0; i < len(to); {
		s, end := q.scales.of(first+i), i+min(q.run(first+i), len(to)-i)
		scale, zero := q.scale[s], float32(0)
		if q.zero != nil {
			zero = q.zero[s]
		}
		for ; i < end; i++ {
			to[i] = (q.stands[bytes[i]] - zero) * scale
		}
	}
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
	q.numbers(f, all, 0)
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
		w.numbers(block, w.bytes[at:], at)
		for line := range count {
			for i, part := 0, block[line*each:][:each]; i < each; i++ {
				if w.across {
					part[i] *= w.times[i]
				} else {
					part[i] *= w.times[first+from+line]
				}
			}
		}
		if w.across {
			m.SetColumns(from, block)
		} else {
			m.SetRows(from, block)
		}
	}
	return rest
}
