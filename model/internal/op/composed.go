package op

import (
	"slices"
	"strings"

	"gorgonia.org/tensor"
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
	shape := g.Shape(value)
	used := map[int]int{}     // by values that are part of it
	open := []int{value}      // in order
	var parts []int           // from the last on
	var from, count, uses int // the best so far
	for len(open) > 0 {
		v := open[len(open)-1]
		open = open[:len(open)-1]
		o, in := g.Maker(v)
		if !pointwise(o) || !slices.Equal(g.Shape(v), shape) || v != value && used[v] != g.Uses(v) {
			break
		}
		parts = append(parts, v)
		for _, x := range in {
			if used[x]++; !slices.Contains(open, x) {
				at, _ := slices.BinarySearch(open, x)
				open = slices.Insert(open, at, x)
			}
		}
		if len(open) == 1 && used[open[0]] > 1 && slices.Equal(g.Shape(open[0]), shape) {
			from, count, uses = open[0], len(parts), used[open[0]]
		}
	}
	if count < 2 || uses < 2 {
		return nil, 0, nil
	}
	parts = parts[:count]
	slices.Reverse(parts)
	c := &composedOp{}
	register := map[int]int{from: 0}
	for i, v := range parts {
		o, in := g.Maker(v)
		s := piece{Operation: o}
		for k, x := range in {
			s.in[k] = register[x]
		}
		c.pieces = append(c.pieces, s)
		register[v] = i + 1
	}
	return c, from, parts[:count-1]
}

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
