package model

import (
	"fmt"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
	"tandem/model/internal/op"
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
	kernel op.Kernel
	clamp  f32.Clamp
	joint  bool
	ys     []*tensor.Dense
	more   [][]*tensor.Dense // the results behind ys
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
	if e.team != nil {
		threads = e.team.Threads()
	}
	p := &plan{}
	for _, ds := range d.steps {
		if ds.idle {
			continue
		}
		k := e.kernels[ds.node]
		if s, ok := k.(op.Shared); ok && s.Scratch(threads) > len(e.scratch) {
			e.scratch = make([]float32, s.Scratch(threads))
		}
		_, isJoint := k.(op.Joint)
		p.steps = append(p.steps, step{node: ds.node, kernel: k, clamp: ds.clamp, joint: isJoint})
	}
	if d.copied {
		p.steps = append(p.steps, step{node: -1, kernel: op.Copy{}, clamp: f32.Linear})
	}
	for f := range e.batch {
		arena, results := e.arena[f*each:][:each], e.results[f*results:][:results]
		tensors := map[int]*tensor.Dense{}
		of := func(v int) *tensor.Dense {
			if tensors[v] == nil {
				memory := arena
				at, isResult := d.at(v)
				if isResult {
					memory = results
				}
				if ap := d.layout[v]; ap != nil {
					tensors[v] = strided(memory[at:], ap)
				} else {
					tensors[v] = over(memory[at:], e.net.values[v].dims)
				}
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
			s.ys = append(s.ys, of(ds.out[0]))
			var more, xs []*tensor.Dense
			for _, v := range ds.out[1:] {
				more = append(more, of(v))
			}
			for _, v := range ds.in {
				xs = append(xs, of(v))
			}
			s.more, s.xs = append(s.more, more), append(s.xs, xs)
			s.firsts = append(s.firsts, xs[0])
		}
		p.in = append(p.in, of(d.input))
		out := of(d.output)
		if d.copied {
			s, x := &p.steps[k], out
			out = over(results, e.net.values[d.output].dims)
			s.ys, s.more = append(s.ys, out), append(s.more, nil)
			s.xs, s.firsts = append(s.xs, []*tensor.Dense{x}), append(s.firsts, x)
		}
		p.out = append(p.out, out)
	}
	e.plans[s] = p
	return p, nil
}

// over is a tensor whose elements are the first of memory.
func over(memory []float32, dims []int) *tensor.Dense {
	return tensor.New(tensor.WithShape(dims...), tensor.WithBacking(memory[:op.Volume(dims)]))
}

// strided is a tensor whose elements lie apart in memory.
func strided(memory []float32, ap *tensor.AP) *tensor.Dense {
	last := 0
	for i, d := range ap.Shape() {
		last += (d - 1) * ap.Strides()[i]
	}
	t := over(memory, []int{last + 1})
	t.AP = *ap
	return t
}
