package op

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"
)

// combine gives an operation on several inputs of which any may be constants:
// its kernel finds all of them among xs, in this order. An input of -1 is left
// out, and nil there.
//
//	      Node                             Kernel
//	data ─── activation ───────────▶ xs[0]
//	indices ─── constant ── Load ──▶ xs[1]
func (n *Node) combine(o Operation, shape []int, inputs ...int) error {
	h := heldOp{Operation: o, constants: make([]*Constant, len(inputs))}
	var from []int
	for i, k := range inputs {
		if k < 0 || !n.has(k) {
			continue
		}
		c := n.In[k].Constant
		if c == nil {
			from = append(from, k)
			continue
		}
		if !c.Type.Readable() {
			return fmt.Errorf("input %d (%.80q) holds %v: %w", k, n.Inputs[k], c.Type, ErrUnsupported)
		}
		if _, err := fewDims(c.Dims); err != nil {
			return err
		}
		h.constants[i] = c
	}
	if len(from) == len(inputs) {
		return n.give(o, shape, from...)
	}
	for i, k := range inputs {
		h.given = append(h.given, k >= 0 && n.has(k) && h.constants[i] == nil)
	}
	return n.typed(n.holds(inputs[0]), n.give(h, shape, from...))
}

// dims is the shape of input i, a constant or an activation.
func (n *Node) dims(i int) ([]int, error) {
	if !n.has(i) {
		return nil, fmt.Errorf("%w: input %d is missing", ErrMalformed, i)
	}
	if c := n.In[i].Constant; c != nil {
		return fewDims(c.Dims)
	}
	return n.In[i].Shape, nil
}

// heldOp is an operation of which some inputs are constants.
type heldOp struct {
	Operation
	constants []*Constant // by input of the kernel; nil: given, or left out
	given     []bool      // with the frame
}

func (h heldOp) Bytes() int64 {
	n := h.Operation.Bytes()
	for _, c := range h.constants {
		if c != nil {
			n += 4 * c.volume()
		}
	}
	return n
}

// Moves says that the elements of the first input are moved, if that comes with
// the frame.
func (h heldOp) Moves() bool {
	m, is := h.Operation.(Mover)
	return is && m.Moves() && h.given[0] && !slices.Contains(h.given[1:], true)
}

func (h heldOp) Load() (Kernel, error) {
	k := &heldKernel{all: make([]*tensor.Dense, len(h.constants))}
	for i, c := range h.constants {
		if h.given[i] {
			k.given = append(k.given, i)
		}
		if c == nil {
			continue
		}
		t, err := c.tensor()
		if err != nil {
			return nil, err
		}
		k.all[i] = t
	}
	var err error
	k.kernel, err = h.Operation.Load()
	return k, err
}

// heldKernel has the constants in memory.
type heldKernel struct {
	kernel Kernel
	all    []*tensor.Dense
	given  []int // which of them come with the frame
}

func (k *heldKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error {
	for i, at := range k.given {
		k.all[at] = xs[i]
	}
	return k.kernel.Apply(y, k.all, with)
}

func (k *heldKernel) Free() {
	if f, ok := k.kernel.(Freer); ok {
		f.Free()
	}
}
