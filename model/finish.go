package model

import (
	"slices"

	"tandem/model/internal/f32"
	"tandem/model/internal/op"
)

// finish lets the step that makes an input of a node, of several the last one, do
// the node's work with its results, if it can and nobody else wants what is
// between the two:
//
//	convolution ──▶ ReLU, or another clamp          bounds of the kernel
//	            ──▶ SiLU, or another function       With.Then: while the results
//	            ──▶ sum with another tensor ──▶ ReLU           are in the cache
//
// Which cuts there are it does not change: behind a cut the node is a step of its
// own, and computes the same.
func (d *draft) finish(n node, maker map[int]int) (k int, done bool) {
	k, v := -1, -1
	for _, x := range n.in {
		if made, is := maker[x]; is && made > k {
			k, v = made, x
		}
	}
	if k < 0 || d.used[v] != 1 || len(d.steps[k].out) != 1 || len(n.out) != 1 {
		return 0, false
	}
	s := &d.steps[k]
	before := d.net.nodes[s.node].Operation
	if c, is := n.Operation.(op.Clamping); is {
		return k, s.bound(c, before)
	}
	finishing, can := before.(op.Finishing)
	if !can || s.another {
		return 0, false
	}
	if c, is := n.Operation.(op.Curved); is && c.Function() != (f32.Function{}) && s.then.None() {
		s.then.Function = c.Function()
		return k, true
	}
	if p, is := n.Operation.(op.Paired); is && len(n.in) == 2 && finishing.Finishes() && op.Samples(before) == 1 {
		pair, can := p.Pair()
		other := n.in[0]
		if other == v {
			other = n.in[1]
		}
		dims := d.net.values[v].dims
		if !can || !slices.Equal(dims, d.net.values[other].dims) || !slices.Equal(dims, d.net.values[n.out[0]].dims) {
			return 0, false
		}
		s.then.Pair, s.then.Clamp, s.another = pair, f32.Linear, true
		s.in = append(slices.Clip(s.in), other)
		return k, true
	}
	return 0, false
}

// bound lets a step of that operation bound its results, in the kernel or behind
// the other tensor.
func (s *draftStep) bound(by op.Clamping, operation op.Operation) bool {
	if s.another {
		s.then.Clamp = by.After(s.then.Clamp)
		return true
	}
	if _, can := operation.(op.Bounded); !can || !s.then.None() {
		return false
	}
	s.clamp = by.After(s.clamp)
	return true
}
