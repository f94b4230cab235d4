package model

import (
	"slices"

	"tandem/model/internal/f32"
	"tandem/model/internal/op"
)

// draft is a plan before it has memory.
type draft struct {
	net           *Network
	input, output int // values
	steps         []draftStep
	last          map[int]int  // the last step that uses a value
	used          map[int]int  // how many times it is used
	home          map[int]home // values that lie in another one's memory
	group         map[int]int  // by the value in whose memory others lie: the last step that uses one of them
	begun         map[int]int  // the same: the first step that makes one of them
	places        map[int]int  // where they are in the arena
	copied        bool         // the output has to be copied, because it is the input
}

type draftStep struct {
	node  int
	in    []int
	out   int
	clamp f32.Clamp
	idle  bool // there is nothing to compute
}

// home says that a value lies in the memory of another one, from an element on.
type home struct{ in, at int }

// newDraft fuses the nodes of the layers [from, to): a ReLU, or another clamp,
// becomes the bounds of the kernel before it, if nobody else wants what is
// between the two.
func newDraft(n *Network, from, to int) *draft {
	d := &draft{
		net: n, input: n.cuts[from], output: n.cuts[to], last: map[int]int{}, used: map[int]int{},
		home: map[int]home{}, group: map[int]int{}, begun: map[int]int{}, places: map[int]int{},
	}
	maker := map[int]int{} // the step that makes a value
	for _, node := range n.between(from, to) {
		for _, v := range node.in {
			d.used[v]++
		}
	}
	first := n.ends[from]
	for i, node := range n.between(from, to) {
		if c, ok := node.Operation.(op.Clamping); ok && d.used[node.in[0]] == 1 {
			if k, made := maker[node.in[0]]; made {
				if _, can := n.nodes[d.steps[k].node].Operation.(op.Bounded); can {
					s := &d.steps[k]
					s.clamp, s.out = c.After(s.clamp), node.out
					maker[node.out] = k
					continue
				}
			}
		}
		maker[node.out] = len(d.steps)
		d.steps = append(d.steps, draftStep{node: first + i, in: node.in, out: node.out, clamp: f32.Linear})
	}
	for k, s := range d.steps {
		for _, v := range s.in {
			d.last[v] = k
		}
		d.begun[s.out] = k
	}
	d.begun[d.input] = -1
	d.last[d.output] = len(d.steps)
	for v := range d.begun {
		d.group[v] = d.last[v]
	}
	return d
}

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
	operation := d.net.nodes[s.node].Operation
	if v, ok := operation.(op.View); ok && s.clamp == f32.Linear {
		if at, can := v.Offset(); can {
			root, base := d.root(s.in[0])
			d.live(s.out, root, base+at)
			s.idle = true
			return
		}
	}
	if _, ok := operation.(op.InPlace); ok {
		for _, v := range s.in {
			root, at := d.root(v)
			input, _ := d.root(d.input)
			if d.group[root] <= k && d.length(v) == d.length(s.out) && !(root == input && s.out == d.output) && d.apart(s.in, v) {
				d.live(s.out, root, at)
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
			input, _ := d.root(d.input)
			if at == 0 && root != input && root != s.out && d.length(root) == d.length(v) {
				d.live(root, s.out, offsets[i])
			}
		}
	}
}

// apart says whether no other value lies in the memory of v: a part of it would
// be written before it is read.
func (d *draft) apart(values []int, v int) bool {
	root, at := d.root(v)
	for _, other := range values {
		if r, a := d.root(other); r == root && (a != at || d.length(other) != d.length(v)) {
			return false
		}
	}
	return true
}

func (d *draft) length(v int) int { return op.Volume(d.net.values[v].dims) }

// place gives every root that is not a result a place in the arena, the largest
// first and each as low as those allow that are alive at the same time. It
// returns the size of the arena.
func (d *draft) place() int {
	input, _ := d.root(d.input)
	result, _ := d.root(d.output)
	d.copied = input == result
	var roots []int
	for v := range d.begun {
		if _, inside := d.home[v]; !inside && (v != result || d.copied) {
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

// results is the size of the memory in which the output lies.
func (d *draft) results() int {
	root, _ := d.root(d.output)
	return d.length(root)
}

// at is where v lies, and whether that is among the results.
func (d *draft) at(v int) (int, bool) {
	root, at := d.root(v)
	if result, _ := d.root(d.output); root == result && !d.copied {
		return at, true
	}
	return d.places[root] + at, false
}
