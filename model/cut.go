package model

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
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
	return 0, fmt.Errorf("cut %.80q: %w: %s has no such tensor; it can be cut at %s", s, ErrCut, n.name, n.places())
}

// maker is the layer that makes the tensor of that name, or -1.
func (n *Network) maker(name string) int {
	return slices.IndexFunc(n.nodes, func(node node) bool {
		return slices.ContainsFunc(node.out, func(v int) bool { return n.values[v].named(name) })
	})
}

// places lists the places to cut at, up to a number that can still be read.
func (n *Network) places() string {
	const most = 20
	var b strings.Builder
	for i := 1; i < n.Len(); i++ {
		if i > most {
			fmt.Fprintf(&b, " and up to %d", n.Len()-1)
			break
		}
		if i > 1 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%d (%.80q)", i, n.Tensor(i))
	}
	return b.String()
}

// DefaultCut is the cut that splits the multiply-adds most evenly. Of equals it
// is the one with the smaller activation, then the later one, so that a ReLU
// stays with the layer before it. It is 0 when the network has one layer only
// and cannot be cut.
func (n *Network) DefaultCut() int {
	total, before := n.Work(0, n.Len()), int64(0)
	best, least, size := 0, int64(0), 0
	for i := 1; i < n.Len(); i++ {
		before += n.Work(i-1, i)
		uneven := max(2*before-total, total-2*before)
		v := n.Size(i)
		if best == 0 || uneven < least || uneven == least && v <= size {
			best, least, size = i, uneven, v
		}
	}
	return best
}
