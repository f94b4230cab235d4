package op

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"
)

// reshaping reads Flatten, Reshape, Squeeze and Unsqueeze: they give the same
// elements another shape, and differ in how they tell it. Where that is computed,
// the shape is the one that the file declares.
func reshaping(name string, told func(*Node, []int) ([]int, error)) Operator {
	return Operator{
		Read: func(n *Node) error {
			if err := n.takes(1, 2); err != nil {
				return err
			}
			from, err := n.activation(0)
			if err != nil {
				return err
			}
			to := n.declared(0)
			if !n.computed(1) || len(to) == 0 || Volume(to) != Volume(from) {
				if to, err = told(n, from); err != nil {
					return err
				}
			}
			return n.give(reshapeOp{name: name, to: to}, to, 0)
		},
		Fold: func(n *Node) error {
			if err := n.takes(1, 2); err != nil {
				return err
			}
			c := *n.In[0].Constant
			from, err := fewDims(c.Dims)
			if err != nil {
				return err
			}
			if slices.Contains(from, 0) {
				return fmt.Errorf("a constant of shape %d: %w: it has no elements", from, ErrUnsupported)
			}
			to, err := told(n, from)
			if err != nil {
				return err
			}
			if c.order != nil {
				if err := c.know(n.Budget); err != nil {
					return err
				}
			}
			c.Dims = wide(to)
			return n.known(&c)
		},
	}
}

// flattened is a matrix: the dimensions before an axis, and those from it on.
func flattened(n *Node, from []int) ([]int, error) {
	told := n.Int("axis", 1)
	a := told
	if a < 0 {
		a += int64(len(from))
	}
	if a < 0 || a > int64(len(from)) {
		return nil, fmt.Errorf("%w: axis %d of a tensor with %d dimensions", ErrMalformed, told, len(from))
	}
	return []int{Volume(from[:a]), Volume(from[a:])}, nil
}

// reshaped is a shape in which 0 is the dimension of before and -1 what is left.
func reshaped(n *Node, from []int) (to []int, err error) {
	list, err := n.ints(1, "shape")
	if err != nil {
		return nil, err
	}
	keep := n.Int("allowzero", 0) == 0
	open, rest := -1, int64(Volume(from))
	for i, d := range list {
		switch {
		case d == 0 && keep && i < len(from):
			d = int64(from[i])
		case d == -1 && open < 0:
			open = i
			d = 1
		}
		if d < 1 || rest%d != 0 {
			return nil, fmt.Errorf("%w: shape %v can't become %d", ErrMalformed, from, list)
		}
		rest /= d
		to = append(to, int(d))
	}
	if open >= 0 {
		to[open], rest = int(rest), 1
	}
	if rest != 1 {
		return nil, fmt.Errorf("%w: shape %v can't become %d", ErrMalformed, from, list)
	}
	return to, nil
}

// squeezed has lost dimensions of 1: those that are listed, or all.
func squeezed(n *Node, from []int) (to []int, err error) {
	list, err := n.ints(1, "axes")
	if err != nil {
		return nil, err
	}
	marked, err := axes(list, len(from))
	if err != nil {
		return nil, err
	}
	for i, d := range from {
		switch {
		case list == nil && d == 1:
		case marked[i] && d != 1:
			return nil, fmt.Errorf("%w: dimension %d of %v is not 1", ErrMalformed, i, from)
		case !marked[i]:
			to = append(to, d)
		}
	}
	return to, nil
}

// unsqueezed has new dimensions of 1.
func unsqueezed(n *Node, from []int) (to []int, err error) {
	list, err := n.ints(1, "axes")
	if err != nil {
		return nil, err
	}
	marked, err := axes(list, len(from)+len(list))
	if err != nil {
		return nil, err
	}
	for _, one := range marked {
		if one {
			to = append(to, 1)
		} else {
			to, from = append(to, from[0]), from[1:]
		}
	}
	return to, nil
}

// reshapeOp is where another shape is all that a node gives.
type reshapeOp struct {
	weightless
	name string
	to   []int
}

func (l reshapeOp) Strided()              {}
func (l reshapeOp) Load() (Kernel, error) { return Copy{}, nil }
func (l reshapeOp) String() string        { return fmt.Sprintf("%s to %v", l.name, l.to) }

func (l reshapeOp) View(x *tensor.AP) (*tensor.AP, int, bool) {
	return rowMajor(l.to), 0, x.DataOrder().IsContiguous()
}
