package op

import (
	"math"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// curveInPieces finds a function of one number that is written out, and in which
// that number occurs more than once: hard swish, SiLU, GELU and the like.
//
//	     ┌──▶ add 3 ──▶ clip ──▶ divide by 6 ──┐
//	x ───┤                                     ├──▶ multiply
//	     └─────────────────────────────────────┘
//
// It goes back from the last operation, always from the value that was made
// last, so that where a single one is left all the others depend on nothing but
// that.
func curveInPieces(g Graph, value int) (Operation, int, []int) {
	if !joins(g, value) {
		return nil, 0, nil
	}
	shape := g.Shape(value)
	var open frontier
	open.use(value)
	var parts [mostPieces]int    // from the last on
	var from, count, uses, n int // the best so far, and what is at hand
	for ; n < mostPieces; n++ {
		if len(open.values) == 0 {
			break
		}
		v, used := open.latest()
		o, in := g.Maker(v)
		if !pointwise(o) || !slices.Equal(g.Shape(v), shape) || v != value && used != g.Uses(v) {
			break
		}
		parts[n] = v
		for _, x := range in {
			open.use(x)
		}
		if len(open.values) == 1 && open.values[0].used > 1 && slices.Equal(g.Shape(open.values[0].value), shape) {
			from, uses, count = open.values[0].value, open.values[0].used, n+1
		}
	}
	if count < 2 || uses < 2 {
		return nil, 0, nil
	}
	order := slices.Clone(parts[:count])
	slices.Reverse(order)
	c := &composedOp{}
	register := map[int]int{from: 0}
	for i, v := range order {
		o, in := g.Maker(v)
		s := piece{Operation: o}
		for k, x := range in {
			s.in[k] = register[x]
		}
		c.pieces = append(c.pieces, s)
		register[v] = i + 1
	}
	if known := c.known(); known != nil {
		return known, from, order[:count-1]
	}
	return c, from, order[:count-1]
}

// joins says that an operation on two values, which there has to be, is among
// the last of a pattern.
func joins(g Graph, value int) bool {
	for range mostPieces {
		o, in := g.Maker(value)
		if !pointwise(o) {
			return false
		}
		if len(in) > 1 {
			return true
		}
		value = in[0]
	}
	return false
}

// frontier is the values from which a pattern is made, in order, and how often
// it uses each.
type frontier struct {
	values []struct{ value, used int }
	memory [mostPieces + 2]struct{ value, used int }
}

func (f *frontier) use(v int) {
	if f.values == nil {
		f.values = f.memory[:0]
	}
	i := 0
	for i < len(f.values) && f.values[i].value < v {
		i++
	}
	if i == len(f.values) || f.values[i].value != v {
		f.values = slices.Insert(f.values, i, struct{ value, used int }{v, 0})
	}
	f.values[i].used++
}

// latest takes off the one that was made last.
func (f *frontier) latest() (value, used int) {
	last := f.values[len(f.values)-1]
	f.values = f.values[:len(f.values)-1]
	return last.value, last.used
}

// mostPieces is more than any curve has that exporters write out.
const mostPieces = 16

// pointwise says that each element of a result is made of those at its place.
func pointwise(o Operation) bool {
	switch l := o.(type) {
	case curve, clampOp:
		return true
	case *arithmeticOp:
		return l.constant == nil || l.constant.volume() == 1
	}
	return false
}

// composedOp applies one operation after the other, to a block of elements at a
// time, which stay in the first-level cache.
type composedOp struct{ pieces []piece }

// piece makes register i+1, where it is the i-th, of two others; x is in the
// first.
type piece struct {
	Operation
	in [2]int
}

func (l *composedOp) InPlace()     {}
func (l *composedOp) Work() int64  { return 0 }
func (l *composedOp) Bytes() int64 { return 0 }

func (l *composedOp) String() string {
	var names []string
	for _, p := range l.pieces {
		names = append(names, p.String())
	}
	return strings.Join(names, ", ")
}

func (l *composedOp) Load() (Kernel, error) {
	k := &composedKernel{composedOp: l}
	for _, p := range l.pieces {
		of, err := p.Load()
		if err != nil {
			return nil, err
		}
		k.kernels = append(k.kernels, of.(liner))
		k.memory = append(k.memory, make([]float32, block))
	}
	k.registers = make([][]float32, len(l.pieces)+1)
	return k, nil
}

// known is the function of which there is a kernel and that l writes out: the one
// that gives the same all over the range in which such functions bend, and far from
// it, where a bound that comes behind them shows.
func (l *composedOp) known() Operation {
	k, err := l.Load()
	if err != nil {
		return nil // whoever runs it will say so
	}
	var x []float32
	for i := float32(-160); i <= 160; i++ {
		x = append(x, i/16) // -10 to 10
	}
	for far := float32(16); far < 1<<30; far *= 2 {
		x = append(x, far, -far)
	}
	n := len(x)
	y, want := make([]float32, n), make([]float32, n)
	wrap := func(v []float32) *tensor.Dense { return tensor.New(tensor.WithShape(n), tensor.WithBacking(v)) }
	if k.Apply(wrap(y), []*tensor.Dense{wrap(x)}, With{}) != nil {
		return nil
	}
	for _, c := range []curve{inVectors("swish", f32.SiLU), hardSwish, inVectors("gelu", f32.Gelu), inVectors("gelu", f32.GeluTanh)} {
		c.of(want, x)
		same := true
		for i := range y {
			same = same && math.Abs(float64(y[i]-want[i])) <= 2e-6*max(1, math.Abs(float64(want[i])))
		}
		if same {
			return c
		}
	}
	return nil
}

// liner is a kernel that can make a part of y of the same part of its inputs.
type liner interface{ makeLine(y, a, b []float32) }

func (l curve) makeLine(y, a, _ []float32)   { l.of(y, a) }
func (l clampOp) makeLine(y, a, _ []float32) { bound(y, a, l.bounds) }

func (k *arithmeticKernel) makeLine(y, a, b []float32) {
	switch {
	case k.held == nil:
		k.line(y, a, b, 1, 1)
	case k.first:
		k.line(y, k.held.Float32s(), a, 0, 1)
	default:
		k.line(y, a, k.held.Float32s(), 1, 0)
	}
}

type composedKernel struct {
	*composedOp
	kernels           []liner
	memory, registers [][]float32
}

func (k *composedKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, z := xs[0].Float32s(), y.Float32s()
	last := len(k.pieces) - 1
	for at := 0; at < len(z); at += block {
		n := min(block, len(z)-at)
		k.registers[0] = x[at:][:n]
		for i, p := range k.pieces {
			to := k.memory[i][:n]
			if i == last {
				to = z[at:][:n]
			}
			k.kernels[i].makeLine(to, k.registers[p.in[0]], k.registers[p.in[1]])
			k.registers[i+1] = to
		}
	}
	return nil
}
