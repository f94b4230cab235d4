package op

import (
	"fmt"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// recurrence reads LSTM, GRU and RNN: cells that go through a sequence forward,
// backward or both ways, and keep a state of hidden numbers.
//
//	x[t] ──▶ W x + b ──┐
//	                   ├─▶ cell ──▶ h[t] ──▶ output at t
//	h[t-1] ─▶ R h ─────┘
//
// W and R have as many rows for each hidden number as the cell has gates.
type recurrence struct {
	name  string
	gates int
	usual []string // activations
	step  func(k *recurrentKernel, d *direction)
}

func (of *recurrence) read(n *Node) error {
	if err := n.takes(3, 8); err != nil {
		return err
	}
	l := &recurrentOp{of: of, clip: n.Float("clip", 0), coupled: n.Int("input_forget", 0) != 0, reset: n.Int("linear_before_reset", 0) != 0}
	var shapes [8][]int
	for i := range n.In {
		if !n.has(i) {
			continue
		}
		var err error
		if shapes[i], err = n.dims(i); err != nil {
			return err
		}
	}
	if err := l.shapes(shapes, int(n.Int("layout", 0))); err != nil {
		return err
	}
	if err := l.directions(n); err != nil {
		return err
	}
	inputs := []int{0, 1, 2, 3, 4, 5, 6, 7}
	for i, at := range []**Constant{&l.w, &l.r} { // weights are loaded once
		if c := n.In[1+i].Constant; c != nil && n.In[0].Constant == nil {
			if err := c.weight(); err != nil {
				return err
			}
			*at, inputs[1+i] = c, -1
		}
	}
	dirs := len(l.dirs)
	y, h := []int{l.length, dirs, l.batch, l.hidden}, []int{dirs, l.batch, l.hidden}
	if l.swapped {
		y, h = []int{l.batch, l.length, dirs, l.hidden}, []int{l.batch, dirs, l.hidden}
	}
	if err := n.combine(l, y, inputs...); err != nil {
		return err
	}
	for range min(len(n.Outputs)-1, 2) {
		if err := n.also(h, n.holds(0)); err != nil {
			return err
		}
	}
	return nil
}

type recurrentOp struct {
	of                           *recurrence
	length, batch, input, hidden int
	swapped                      bool // the batch is in front
	dirs                         []direction
	clip                         float32
	coupled, reset               bool
	w, r                         *Constant // or nil, if they come with the frame
}

// shapes checks what the inputs have.
func (l *recurrentOp) shapes(s [8][]int, layout int) error {
	wrong := fmt.Errorf("%w: inputs of shapes %v", ErrMalformed, s)
	x, w, r := s[0], s[1], s[2]
	if len(x) != 3 || len(w) != 3 || len(r) != 3 || w[0] < 1 || w[0] > 2 || w[2] != x[2] || r[2] < 1 {
		return wrong
	}
	l.length, l.batch, l.input, l.hidden = x[0], x[1], x[2], r[2]
	if layout != 0 {
		l.swapped, l.length, l.batch = true, x[1], x[0]
	}
	rows := l.of.gates * l.hidden
	l.dirs = make([]direction, w[0])
	volumes := [8]int{0, 0, 0, len(l.dirs) * 2 * rows, l.batch, len(l.dirs) * l.batch * l.hidden, len(l.dirs) * l.batch * l.hidden, len(l.dirs) * 3 * l.hidden}
	if w[1] != rows || r[0] != w[0] || r[1] != rows {
		return wrong
	}
	for i := 3; i < len(s); i++ {
		if s[i] != nil && Volume(s[i]) != volumes[i] {
			return wrong
		}
	}
	return nil
}

func (l *recurrentOp) String() string {
	return fmt.Sprintf("%s %d to %d, %d steps", l.of.name, l.input, l.hidden, l.length)
}

func (l *recurrentOp) Work() int64 {
	return int64(len(l.dirs)*l.length*l.batch) * int64(l.of.gates*l.hidden) * int64(l.input+l.hidden)
}

func (l *recurrentOp) Bytes() int64 {
	return 4 * int64(len(l.dirs)*l.of.gates*l.hidden) * int64(l.input+l.hidden)
}

func (l *recurrentOp) Load() (Kernel, error) {
	rows := l.of.gates * l.hidden
	k := &recurrentKernel{recurrentOp: l, dirs: make([]direction, len(l.dirs))}
	copy(k.dirs, l.dirs)
	for i := range k.dirs {
		d := &k.dirs[i]
		d.w, d.r = f32.New(rows, l.input), f32.New(rows, l.hidden)
		d.wx, d.rh, d.bias = make([]float32, rows), make([]float32, rows), make([]float32, 2*rows)
		d.h, d.c, d.spare, d.peep = make([]float32, l.hidden), make([]float32, l.hidden), make([]float32, l.hidden), make([]float32, 3*l.hidden)
	}
	for _, c := range []*Constant{l.w, l.r} {
		if c == nil {
			continue
		}
		all, err := c.floats()
		if err != nil {
			k.Free()
			return nil, err
		}
		k.set(all, c == l.w)
	}
	return k, nil
}

type recurrentKernel struct {
	*recurrentOp
	dirs []direction
}

// direction is one way through the sequence, and what it needs at each step.
type direction struct {
	backward bool
	of       []activation // of the gates, the cell and what leaves it

	w, r   *f32.Matrix
	wx, rh []float32 // W x + b and R h + b of the step at hand, gate by gate
	bias   []float32 // of W and of R
	h, c   []float32 // the state
	spare  []float32
	peep   []float32 // from c to the gates
	peeps  bool      // there are some
}

// set packs W or R.
func (k *recurrentKernel) set(all []float32, w bool) {
	for i := range k.dirs {
		m := k.dirs[i].r
		if w {
			m = k.dirs[i].w
		}
		size := m.Rows() * m.Cols()
		m.SetRows(0, all[i*size:][:size])
	}
}

func (k *recurrentKernel) Free() {
	for _, d := range k.dirs {
		d.w.Free()
		d.r.Free()
	}
}

func (k *recurrentKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error {
	var in [8][]float32
	for i, x := range xs {
		if x != nil {
			in[i] = x.Float32s()
		}
	}
	if in[1] != nil {
		k.set(in[1], true)
	}
	if in[2] != nil {
		k.set(in[2], false)
	}
	z := y.Float32s()
	clear(z)
	for i := range k.dirs {
		d := &k.dirs[i]
		load(d.bias, in[3], i*len(d.bias))
		load(d.peep, in[7], i*len(d.peep))
		d.peeps = in[7] != nil
		for b := range k.batch {
			state := (i*k.batch + b) * k.hidden
			if k.swapped {
				state = (b*len(k.dirs) + i) * k.hidden
			}
			load(d.h, in[5], state)
			load(d.c, in[6], state)
			length := k.length
			if in[4] != nil {
				length = min(max(int(in[4][b]), 0), k.length)
			}
			for t := range length {
				if d.backward {
					t = length - 1 - t
				}
				from, to := t*k.batch+b, ((t*len(k.dirs)+i)*k.batch+b)*k.hidden
				if k.swapped {
					from, to = b*k.length+t, ((b*k.length+t)*len(k.dirs)+i)*k.hidden
				}
				d.w.Affine(d.wx, in[0][from*k.input:][:k.input], d.bias[:len(d.wx)], f32.Linear)
				d.r.Affine(d.rh, d.h, d.bias[len(d.wx):], f32.Linear)
				k.of.step(k, d)
				copy(z[to:], d.h)
			}
			for s, last := range with.More {
				copy(last.Float32s()[state:], [2][]float32{d.h, d.c}[s])
			}
		}
	}
	return nil
}

// load takes part of an input, or zeros where it is left out.
func load(to, from []float32, at int) {
	if from == nil {
		clear(to)
		return
	}
	copy(to, from[at:])
}
