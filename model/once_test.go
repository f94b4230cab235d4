package model

import (
	"hash/maphash"
	"math/bits"
	"slices"
	"testing"
	"unsafe"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
	"tandem/model/internal/op"
)

// cutNode is an executor as a node has it at one cut after the other. At each of
// them it makes the plan of its layers and goes through all steps of it, in the
// arena that the plan shares out. From one cut to the next nearly all steps of a
// plan are the same: those of a large network are computed when they are met with
// these numbers for the first time, and are what they were then when they are met
// again.
type cutNode struct {
	*Executor
	computed map[met][][]float32 // nil: each step is computed each time
}

func newNode(n *Network, o Options) *cutNode {
	c := &cutNode{Executor: NewExecutor(n, o)}
	if large(n) {
		c.computed = map[met][][]float32{}
	}
	return c
}

// run gives what the layers [from, to) make of the frames, in memory of its own.
func (c *cutNode) run(t *testing.T, xs [][]float32, from, to int) (ys [][]float32) {
	t.Helper()
	if from == to {
		return xs
	}
	if err := c.Load(from, to); err != nil {
		t.Fatal(err)
	}
	p, err := c.plan(from, to)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.steps {
		if s := &p.steps[i]; c.computed != nil && s.node >= 0 {
			s.kernel = once{s.kernel, s.node, c.computed}
		}
	}
	results, err := c.Run(xs, from, to)
	if err != nil {
		t.Fatalf("layers %d to %d: %v", from, to, err)
	}
	for _, y := range results {
		ys = append(ys, slices.Clone(y))
	}
	delete(c.plans, span{from, to}) // it is not run again
	return ys
}

// met is everything that the results of a step depend on.
type met struct {
	node          int
	clamp, bounds f32.Clamp
	function      f32.Function
	pair          f32.Pair
	numbers       uint64 // a digest of those that enter, and of the shapes and strides that they and the results have
}

// once is the kernel of a step that is computed once for the same numbers.
type once struct {
	op.Kernel
	node     int
	computed map[met][][]float32
}

func (o once) Apply(y *tensor.Dense, xs []*tensor.Dense, with op.With) error {
	return o.do(append([]*tensor.Dense{y}, with.More...), xs, with, func() error { return o.Kernel.Apply(y, xs, with) })
}

func (o once) ApplyAll(ys, xs []*tensor.Dense, with op.With) error {
	return o.do(ys, xs, with, func() error { return o.Kernel.(op.Joint).ApplyAll(ys, xs, with) })
}

func (o once) do(ys, xs []*tensor.Dense, with op.With, compute func() error) error {
	then := with.Then
	m := met{o.node, with.Clamp, then.Clamp, then.Function, then.Pair, uint64(len(ys))}
	m.numbers = digestOf(m.numbers, then.Other)
	for _, x := range xs {
		m.layout(x)
		rows(x, func(row []float32) { m.numbers = digestOf(m.numbers, row) })
	}
	for _, y := range ys {
		m.layout(y)
	}
	if before, is := o.computed[m]; is {
		for i, y := range ys {
			numbers := before[i]
			rows(y, func(row []float32) { numbers = numbers[copy(row, numbers):] })
		}
		return nil
	}
	if err := compute(); err != nil {
		return err
	}
	var results [][]float32
	for _, y := range ys {
		var numbers []float32
		rows(y, func(row []float32) { numbers = append(numbers, row...) })
		results = append(results, numbers)
	}
	o.computed[m] = results
	return nil
}

// layout adds how a tensor lies in memory.
func (m *met) layout(x *tensor.Dense) {
	for _, size := range slices.Concat(x.Shape(), x.Strides()) {
		m.numbers = mix(m.numbers, uint64(size))
	}
}

// digestOf takes what reading the numbers takes: at each cut all that the steps of a network read pass here.
func digestOf(d uint64, numbers []float32) uint64 {
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(numbers))), 4*len(numbers))
	return mix(mix(d, maphash.Bytes(seed, bytes)), uint64(len(numbers)))
}

var seed = maphash.MakeSeed()

func mix(d, word uint64) uint64 { return bits.RotateLeft64((d^word)*0x9e3779b97f4a7c15, 31) }

// rows visits the elements of a tensor, in their order, by runs that lie together.
func rows(x *tensor.Dense, visit func([]float32)) {
	var walk func(memory []float32, shape, strides []int)
	walk = func(memory []float32, shape, strides []int) {
		if size := op.Volume(shape); size == 0 || together(shape, strides) {
			visit(memory[:size])
			return
		}
		for i := range shape[0] {
			walk(memory[i*strides[0]:], shape[1:], strides[1:])
		}
	}
	walk(x.Float32s(), x.Shape(), x.Strides())
}

// together says whether elements lie one after the other.
func together(shape, strides []int) bool {
	size := 1
	for i := len(shape) - 1; i >= 0; i-- {
		if shape[i] > 1 && strides[i] != size {
			return false
		}
		size *= shape[i]
	}
	return true
}
