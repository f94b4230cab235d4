package model

import (
	"slices"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
	"tandem/model/internal/op"
)

// Where the values of a draft lie: few bytes, and few copies.

// root is the value in whose memory v lies, and where in it.
func (d *draft) root(v int) (int, int) {
	at := 0
	for {
		h, ok := d.home[v]
		if !ok {
			return v, at
		}
		v, at = h.in, at+h.at
	}
}

// live puts the memory of root a inside that of root b.
func (d *draft) live(a, b, at int) {
	d.home[a] = home{b, at}
	d.group[b] = max(d.group[a], d.group[b])
	d.begun[b] = min(d.begun[a], d.begun[b])
}

// merge saves memory and copies at step k: views and kernels that work in place
// take the memory of their input, and what will be concatenated is made where it
// belongs.
func (d *draft) merge(k int) {
	s := &d.steps[k]
	y := s.out[0] // a result behind it has memory of its own
	operation := d.net.nodes[s.node].Operation
	if len(s.in) == 0 {
		return
	}
	if ap, at, can := d.view(k, d.pattern(s.in[0])); can {
		root, base := d.root(s.in[0])
		d.live(y, root, base+at)
		if ap.DataOrder().IsNotContiguous() {
			d.layout[y] = ap
		}
		s.idle = true
		return
	}
	if _, ok := operation.(op.InPlace); ok {
		for _, v := range s.in {
			root, at := d.root(v)
			if d.group[root] <= k && d.length(v) == d.length(y) && !(d.enters(root) && slices.Contains(d.out, y)) && d.apart(s.in, v) {
				d.live(y, root, at)
				return
			}
		}
	}
	if j, ok := operation.(op.Joins); ok {
		var shapes [][]int
		for _, v := range s.in {
			shapes = append(shapes, d.net.values[v].dims)
		}
		offsets, can := j.Offsets(shapes)
		if !can {
			return
		}
		for i, v := range s.in {
			root, at := d.root(v)
			if at == 0 && d.layout[v] == nil && !d.enters(root) && root != y && d.length(root) == d.length(v) {
				d.live(root, y, offsets[i])
			}
		}
	}
}

// view is step k as a view of its input, which has that access pattern, if it is
// one that whoever uses its result can read.
func (d *draft) view(k int, x *tensor.AP) (*tensor.AP, int, bool) {
	s := &d.steps[k]
	v, is := d.net.nodes[s.node].Operation.(op.View)
	if !is || s.clamp != f32.Linear {
		return nil, 0, false
	}
	ap, at, can := v.View(x)
	return ap, at, can && (ap.DataOrder().IsContiguous() || d.readable(s.out[0], ap))
}

// readable says whether all that use v can read it where its elements lie apart.
func (d *draft) readable(v int, ap *tensor.AP) bool {
	if slices.Contains(d.out, v) {
		return false
	}
	for _, k := range d.users[v] {
		if _, can := d.net.nodes[d.steps[k].node].Operation.(op.Strided); can {
			continue
		}
		if _, _, can := d.view(k, ap); !can {
			return false
		}
	}
	return true
}

// pattern is how the elements of v lie.
func (d *draft) pattern(v int) *tensor.AP {
	if ap := d.layout[v]; ap != nil {
		return ap
	}
	dims := d.net.values[v].dims
	ap := tensor.MakeAP(dims, tensor.Shape(dims).CalcStrides(), 0, 0)
	return &ap
}

// apart says whether no other value lies in the memory of v, and v without gaps:
// a part of it would be written before it is read.
func (d *draft) apart(values []int, v int) bool {
	root, at := d.root(v)
	for _, other := range values {
		if r, a := d.root(other); r == root && (a != at || d.length(other) != d.length(v) || d.layout[other] != nil) {
			return false
		}
	}
	return true
}

func (d *draft) length(v int) int { return op.Volume(d.net.values[v].dims) }

// enters says that a root lies where the activation that enters is copied to.
func (d *draft) enters(root int) bool { return d.begun[root] < 0 }

// give finds the places of what is given, one after the other among the results:
// a value is made there, or copied, if it enters or lies in another one's memory.
// It returns the size of the results.
func (d *draft) give() (size int) {
	for i, v := range d.out {
		root, at := d.root(v)
		_, taken := d.results[root]
		if at != 0 || d.length(root) != d.length(v) || d.enters(root) || taken {
			d.copies = append(d.copies, i)
		} else {
			d.results[root] = size
		}
		size += d.length(v)
	}
	return size
}

// place gives every root that is not a result a place in the arena, the largest
// first and each as low as those allow that are alive at the same time. It
// returns the size of the arena.
func (d *draft) place() int {
	var roots []int
	for v := range d.begun {
		_, inside := d.home[v]
		if _, given := d.results[v]; !inside && !given {
			roots = append(roots, v)
		}
	}
	slices.SortFunc(roots, func(a, b int) int {
		if la, lb := d.length(a), d.length(b); la != lb {
			return lb - la
		}
		return a - b
	})
	type taken struct{ from, to, begun, last int }
	var all []taken // by place
	size := 0
	for _, v := range roots {
		const line = 16 // floats of a cache line
		n := (d.length(v) + line - 1) / line * line
		at := 0
		for _, t := range all {
			if t.begun > d.group[v] || t.last < d.begun[v] {
				continue
			}
			if at+n <= t.from {
				break
			}
			at = max(at, t.to)
		}
		d.places[v] = at
		size = max(size, at+n)
		i, _ := slices.BinarySearchFunc(all, at, func(t taken, at int) int { return t.from - at })
		all = slices.Insert(all, i, taken{at, at + n, d.begun[v], d.group[v]})
	}
	return size
}

// at is where v lies, and whether that is among the results.
func (d *draft) at(v int) (int, bool) {
	root, at := d.root(v)
	if place, given := d.results[root]; given {
		return place + at, true
	}
	return d.places[root] + at, false
}
