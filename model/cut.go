package model

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tandem/model/internal/op"
)

// ErrCut is in the chain of errors about a place where the network cannot be
// cut.
var ErrCut = errors.New("no place to cut")

// Cut reads a place to cut at: the index of the first layer of the tail, from 1
// to Len()-1, or the name of the tensor that enters it. A plain number is always
// an index.
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
	for i := 1; i < n.Len(); i++ {
		if n.activation(i).named(s) {
			return i, nil
		}
	}
	reason, near := "", -1
	switch e, ok := n.elsewhere[s]; {
	case n.activation(0).named(s):
		reason, near = "it is the input", 1
	case n.activation(n.Len()).named(s):
		reason, near = "it is the output", n.Len()-1
	case ok:
		reason, near = fmt.Sprintf("it is inside layer %d (%s)", e.layer, e.reason), e.layer
	}
	if near >= 0 {
		near = min(max(near, 1), n.Len()-1)
		return 0, fmt.Errorf("cut %.80q: %w: %s; the nearest is %d (%q)", s, ErrCut, reason, near, n.Tensor(near))
	}
	return 0, fmt.Errorf("cut %.80q: %w: %s has no such tensor; it can be cut at %s", s, ErrCut, n.name, n.places())
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
		v := op.Volume(n.Shape(i))
		if best == 0 || uneven < least || uneven == least && v <= size {
			best, least, size = i, uneven, v
		}
	}
	return best
}
