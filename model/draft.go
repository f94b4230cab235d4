package model

import (
	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// draft is a plan before it has memory.
type draft struct {
	net     *Network
	in, out []int // values that enter, and those that are given
	steps   []draftStep
	last    map[int]int        // the last step that uses a value
	used    map[int]int        // how many times it is used
	users   map[int][]int      // the steps that use it
	home    map[int]home       // values that lie in another one's memory
	layout  map[int]*tensor.AP // of values whose elements lie apart
	group   map[int]int        // by the value in whose memory others lie: the last step that uses one of them
	begun   map[int]int        // the same: the first step that makes one of them
	places  map[int]int        // where they are in the arena
	results map[int]int        // and where among the results, if they lie there
	copies  []int              // of what is given, those that have to be copied to the results
}

type draftStep struct {
	node    int
	in, out []int
	clamp   f32.Clamp
	then    f32.Epilogue // without the tensor, which is the last of in
	another bool         // there is one
	idle    bool         // there is nothing to compute
}

// home says that a value lies in the memory of another one, from an element on.
type home struct{ in, at int }

// newDraft fuses the nodes of the layers [from, to): what a kernel can do with its
// results before they leave the cache is part of its step, see finish.go.
func newDraft(n *Network, from, to int) *draft {
	d := &draft{
		net: n, in: n.alive.entering(from), out: n.alive.entering(to), last: map[int]int{}, used: map[int]int{}, users: map[int][]int{},
		home: map[int]home{}, layout: map[int]*tensor.AP{}, group: map[int]int{}, begun: map[int]int{}, places: map[int]int{}, results: map[int]int{},
	}
	maker := map[int]int{} // the step that makes a value
	for _, node := range n.between(from, to) {
		for _, v := range node.in {
			d.used[v]++
		}
	}
	for _, v := range d.out {
		d.used[v]++
	}
	for i, node := range n.between(from, to) {
		if k, done := d.finish(node, maker); done {
			d.steps[k].out = node.out
			maker[node.out[0]] = k
			continue
		}
		maker[node.out[0]] = len(d.steps)
		d.steps = append(d.steps, draftStep{node: from + i, in: node.in, out: node.out, clamp: f32.Linear})
	}
	for k, s := range d.steps {
		for _, v := range s.in {
			d.last[v] = k
			d.users[v] = append(d.users[v], k)
		}
		for _, v := range s.out {
			d.begun[v], d.last[v] = k, k
		}
	}
	for _, v := range d.in {
		d.begun[v] = -1
	}
	for _, v := range d.out {
		d.last[v] = len(d.steps)
	}
	for v := range d.begun {
		d.group[v] = d.last[v]
	}
	return d
}
