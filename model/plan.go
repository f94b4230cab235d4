package model

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
	"tandem/model/internal/op"
)

// plan is how a range of layers is computed: nodes fused where a kernel can do
// the work of the next one, and a place for each value. Nothing is fused across
// the ends of the range, so any cut of the network can be made without other
// kernels or weights than the whole has.
type plan struct {
	in    [][]*tensor.Dense // by frame: what enters
	out   [][]float32       // by frame
	steps []step
}

// step is one kernel with its tensors, by frame, or by sample where it gets the
// samples of a frame one by one.
type step struct {
	node    int // -1: a copy that the plan needs
	kernel  op.Kernel
	clamp   f32.Clamp
	then    f32.Epilogue // of it all but the tensor
	joint   bool
	samples int // of a frame
	ys      []*tensor.Dense
	more    [][]*tensor.Dense // the results behind ys
	xs      [][]*tensor.Dense
	others  []*tensor.Dense // that then takes; none where it takes none
	firsts  []*tensor.Dense // xs of a joint kernel
}

// add gives the step the tensors of one more frame.
func (s *step) add(ys, xs []*tensor.Dense) {
	if s.samples == 1 {
		s.addOne(ys, xs)
		return
	}
	sample := func(of []*tensor.Dense, i int) (tensors []*tensor.Dense) {
		for _, t := range of {
			dims := slices.Clone(t.Shape())
			dims[0] = 1
			tensors = append(tensors, over(t.Float32s()[i*op.Volume(dims):], dims))
		}
		return tensors
	}
	for i := range s.samples {
		s.addOne(sample(ys, i), sample(xs, i))
	}
}

func (s *step) addOne(ys, xs []*tensor.Dense) {
	s.ys, s.more, s.xs = append(s.ys, ys[0]), append(s.more, ys[1:]), append(s.xs, xs)
	if len(xs) > 0 {
		s.firsts = append(s.firsts, xs[0])
	}
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
	results := d.give()
	each := d.place()
	// All plans share the memory. When one needs more of it, the others are made
	// anew when they are next run.
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
		p.steps = append(p.steps, step{node: ds.node, kernel: k, clamp: ds.clamp, then: ds.then, joint: isJoint, samples: op.Samples(e.net.nodes[ds.node].Operation)})
	}
	for range d.copies {
		p.steps = append(p.steps, step{node: -1, kernel: op.Copy{}, clamp: f32.Linear, samples: 1})
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
		all := func(values []int) (tensors []*tensor.Dense) {
			for _, v := range values {
				tensors = append(tensors, of(v))
			}
			return tensors
		}
		k := 0
		for _, ds := range d.steps {
			if ds.idle {
				continue
			}
			in := all(ds.in)
			if ds.another {
				last := len(in) - 1
				p.steps[k].others = append(p.steps[k].others, in[last])
				in = in[:last]
			}
			p.steps[k].add(all(ds.out), in)
			k++
		}
		at := 0
		for i, v := range d.out {
			if slices.Contains(d.copies, i) {
				to := over(results[at:], e.net.values[v].dims)
				p.steps[k].add([]*tensor.Dense{to}, all([]int{v}))
				k++
			}
			at += d.length(v)
		}
		p.in, p.out = append(p.in, all(d.in)), append(p.out, results)
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
