package model

import (
	"fmt"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// plan is how a range of layers is computed: nodes fused where a kernel can do
// the work of the next one, and a place for each value. Nothing is fused across
// the ends of the range, so any cut of the network can be made without other
// kernels or weights than the whole has.
type plan struct {
	in, out []*tensor.Dense // by frame
	steps   []step
}

// step is one kernel with its tensors, by frame.
type step struct {
	node   int // -1: a copy that the plan needs
	kernel kernel
	clamp  f32.Clamp
	joint  bool
	ys     []*tensor.Dense
	xs     [][]*tensor.Dense
	firsts []*tensor.Dense // xs of a joint kernel
}

const (
	maxPlans  = 64      // kept at a time
	maxMemory = 1 << 28 // floats of an arena: 1 GiB
)

// plan gives the plan for the layers [from, to), which are resident.
func (e *Executor) plan(from, to int) (*plan, error) {
	s := span{from, to}
	if p := e.plans[s]; p != nil {
		return p, nil
	}
	d := newDraft(e.net, from, to)
	for k := range d.steps {
		d.merge(k)
	}
	each := d.place()
	// All plans share the memory. When one needs more of it, the others are made
	// anew when they are next run.
	results := d.results()
	if int64(each)+int64(results) > maxMemory/int64(e.batch) {
		return nil, fmt.Errorf("layers %d to %d of %s: %w: their activations take more than %d MB for %d frames",
			from, to, e.net.name, ErrUnsupported, maxMemory>>18, e.batch)
	}
	if e.batch*each > len(e.arena) || e.batch*results > len(e.results) || len(e.plans) == maxPlans {
		clear(e.plans)
		e.arena = make([]float32, max(e.batch*each, len(e.arena)))
		e.results = make([]float32, max(e.batch*results, len(e.results)))
	}
	threads := 1
	if e.pool != nil {
		threads = e.pool.Threads()
	}
	p := &plan{}
	for _, ds := range d.steps {
		if ds.idle {
			continue
		}
		k := e.kernels[ds.node]
		if s, ok := k.(shared); ok && s.scratch(threads) > len(e.scratch) {
			e.scratch = make([]float32, s.scratch(threads))
		}
		_, isJoint := k.(joint)
		p.steps = append(p.steps, step{node: ds.node, kernel: k, clamp: ds.clamp, joint: isJoint})
	}
	if d.copied {
		p.steps = append(p.steps, step{node: -1, kernel: move{}, clamp: f32.Linear})
	}
	for f := range e.batch {
		arena, results := e.arena[f*each:][:each], e.results[f*results:][:results]
		tensors := map[int]*tensor.Dense{}
		of := func(v int) *tensor.Dense {
			if tensors[v] == nil {
				shape := e.net.values[v].shape
				memory := arena
				at, isResult := d.at(v)
				if isResult {
					memory = results
				}
				tensors[v] = tensor.New(tensor.WithShape(shape...), tensor.WithBacking(memory[at:][:volume(shape)]))
			}
			return tensors[v]
		}
		k := 0
		for _, ds := range d.steps {
			if ds.idle {
				continue
			}
			s := &p.steps[k]
			k++
			s.ys = append(s.ys, of(ds.out))
			var xs []*tensor.Dense
			for _, v := range ds.in {
				xs = append(xs, of(v))
			}
			s.xs = append(s.xs, xs)
			s.firsts = append(s.firsts, xs[0])
		}
		p.in = append(p.in, of(d.input))
		out := of(d.output)
		if d.copied {
			s, x := &p.steps[k], out
			shape := e.net.values[d.output].shape
			out = tensor.New(tensor.WithShape(shape...), tensor.WithBacking(results[:volume(shape)]))
			s.ys, s.xs, s.firsts = append(s.ys, out), append(s.xs, []*tensor.Dense{x}), append(s.firsts, x)
		}
		p.out = append(p.out, out)
	}
	e.plans[s] = p
	return p, nil
}

// move copies.
type move struct{}

func (move) apply(y *tensor.Dense, xs []*tensor.Dense, _ means) error {
	copy(y.Float32s(), xs[0].Float32s())
	return nil
}
