package model

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"tandem/model/internal/op"
)

// ErrCut is in the chain of errors about a place where the network cannot be
// cut.
var ErrCut = errors.New("no place to cut")

// Cut reads a place to cut at: the index of the first layer of the tail, from 1
// to Len()-1, or the name of the tensor that the layer before it makes. A plain
// number is always an index.
func (n *Network) Cut(s string) (int, error) {
	if n.Len() < 2 {
		return 0, fmt.Errorf("cut %q: %w: %s has one layer only", s, ErrCut, n.name)
	}
	if i, err := strconv.Atoi(s); err == nil {
		if i < 1 || i >= n.Len() {
			return 0, fmt.Errorf("cut %d: %w: %s can be cut at 1 to %d", i, ErrCut, n.name, n.Len()-1)
		}
		return i, nil
	}
	behind := n.maker(s) + 1
	if behind >= 1 && behind < n.Len() {
		return behind, nil
	}
	reason, near := "", -1
	switch e, ok := n.elsewhere[s]; {
	case behind == n.Len():
		reason, near = "it is an output", n.Len()-1
	case slices.ContainsFunc(n.alive.entering(0), func(v int) bool { return n.values[v].named(s) }):
		reason, near = "it is an input", 1
	case ok:
		reason, near = fmt.Sprintf("it is inside layer %d (%s)", e.layer, e.reason), e.layer
	}
	if near >= 0 {
		near = min(max(near, 1), n.Len()-1)
		return 0, fmt.Errorf("cut %.80q: %w: %s; the nearest is %d (%q)", s, ErrCut, reason, near, n.Tensor(near))
	}
	return 0, fmt.Errorf("cut %.80q: %w: %s has no such tensor; it can be cut at 1 to %d, or at a tensor that tandem inspect --all lists", s, ErrCut, n.name, n.Len()-1)
}

// maker is the layer that makes the tensor of that name, or -1.
func (n *Network) maker(name string) int {
	return slices.IndexFunc(n.nodes, func(node node) bool {
		return slices.ContainsFunc(node.out, func(v int) bool { return n.values[v].named(name) })
	})
}

// DefaultCut is the best cut by what each layer takes with so many threads, see
// Costs. It is 0 when the network has one layer only and cannot be cut.
func (n *Network) DefaultCut(threads int) int { return n.BestCut(n.Costs(threads)) }

// BestCut is the first of Cuts, or 0 when the network cannot be cut.
func (n *Network) BestCut(times []float64) int {
	if n.Len() < 2 {
		return 0
	}
	return n.Cuts(times)[0]
}

// Cuts are the places to cut at, the best first, for two devices on either of
// which layer i takes times[i], in any unit. Those after which the busier one has
// nearly as little to do as is possible come first, with the fewest bytes to hand
// over before others; then those with the least to do. Of equal ones the last
// comes first, so that a ReLU stays with the layer before it.
func (n *Network) Cuts(times []float64) []int {
	const nearly = 0.025 // of the time of the whole
	total := 0.0
	for _, t := range times {
		total += t
	}
	busier := make([]float64, n.Len()) // by cut
	before, least := 0.0, total
	for cut := 1; cut < n.Len(); cut++ {
		before += times[cut-1]
		busier[cut] = max(before, total-before)
		least = min(least, busier[cut])
	}
	var cuts []int
	for cut := 1; cut < n.Len(); cut++ {
		cuts = append(cuts, cut)
	}
	near := func(cut int) bool { return busier[cut] <= least+nearly*total }
	slices.SortFunc(cuts, func(a, b int) int {
		time, size := cmp.Compare(busier[a], busier[b]), cmp.Compare(n.Size(a), n.Size(b))
		switch {
		case near(a) && near(b):
			return cmp.Or(size, time, b-a)
		case near(a):
			return -1
		case near(b):
			return 1
		}
		return cmp.Or(time, size, b-a)
	})
	return cuts
}

// Costs are what the layers take in the whole network on this device, with so
// many threads: as Measure has found, now or in an earlier process, and else as it
// is reckoned by the operation and its sizes. Where nothing was measured the unit
// is any; otherwise it is the nanosecond, and what is reckoned is scaled to it.
// What another layer does with its own costs nothing.
func (n *Network) Costs(threads int) []float64 {
	costs, times := n.reckoned(), thisDevice().times
	measured := make([]float64, n.Len())
	took, reckoned := 0.0, 0.0 // of the layers that were measured
	for l := range costs {
		if t, ok := times.of(n.shape(l, 1, max(1, threads))); ok && costs[l] > 0 && t > 0 {
			measured[l] = float64(t)
			took, reckoned = took+measured[l], reckoned+costs[l]
		}
	}
	for l := range costs {
		switch {
		case measured[l] > 0:
			costs[l] = measured[l]
		case took > 0:
			costs[l] *= took / reckoned
		}
	}
	return costs
}

// Shares are each layer's of the time that the whole network takes, on no device in particular: as Costs reckons
// them.
func (n *Network) Shares() []float64 {
	shares, all := n.reckoned(), 0.0
	for _, c := range shares {
		all += c
	}
	for i := range shares {
		if shares[i] /= all; all == 0 { // it only copies
			shares[i] = 1 / float64(len(shares))
		}
	}
	return shares
}

// reckoned are the costs by the operations and their sizes: nanoseconds on a
// machine like the one that they were measured on.
func (n *Network) reckoned() []float64 {
	const finished = 0.2 // nanoseconds for a number of which a function is computed on its way
	costs := make([]float64, n.Len())
	d := newDraft(n, 0, n.Len())
	for k := range d.steps {
		d.merge(k)
	}
	for _, s := range d.steps {
		if !s.idle {
			costs[s.node] = op.Cost(n.nodes[s.node].Operation, d.elements(d.read(s)), d.elements(s.out))
			if !s.then.None() {
				costs[s.node] += finished * float64(d.elements(s.out))
			}
		}
	}
	return costs
}

// read is what a step reads: not what was made in its place.
func (d *draft) read(s draftStep) []int {
	if _, is := d.net.nodes[s.node].Operation.(op.Joins); !is {
		return s.in
	}
	y, _ := d.root(s.out[0])
	return slices.DeleteFunc(slices.Clone(s.in), func(v int) bool {
		root, _ := d.root(v)
		return root == y
	})
}

// elements is how many numbers these values have.
func (d *draft) elements(values []int) (sum int) {
	for _, v := range values {
		sum += d.length(v)
	}
	return sum
}
