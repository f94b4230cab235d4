package model

import (
	"fmt"
	"math"
	"slices"

	"tandem/model/internal/onnx"
)

// identity gives its input another name.
func (imp *importer) identity(n *onnx.Node) error {
	if err := imp.takes(n, 1, 3); err != nil {
		return err
	}
	v, _, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	return imp.alias(n, v)
}

// cast to float32 does nothing to an activation, which is that already.
func (imp *importer) cast(n *onnx.Node) error {
	if to := onnx.DataType(n.Int("to", 0)); to != onnx.Float32 {
		return fmt.Errorf("an activation to %v: %w: only float32 is computed", to, ErrUnsupported)
	}
	return imp.identity(n)
}

// flatten reads a tensor as a matrix.
func (imp *importer) flatten(n *onnx.Node) error   { return imp.shaped(n, "flatten") }
func (imp *importer) reshape(n *onnx.Node) error   { return imp.shaped(n, "reshape") }
func (imp *importer) squeeze(n *onnx.Node) error   { return imp.shaped(n, "squeeze") }
func (imp *importer) unsqueeze(n *onnx.Node) error { return imp.shaped(n, "unsqueeze") }

func (imp *importer) shaped(n *onnx.Node, name string) error {
	if err := imp.takes(n, 1, 2); err != nil {
		return err
	}
	x, dims, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	to, err := imp.newDims(n, dims)
	if err != nil {
		return err
	}
	return imp.give(n, reshape{name: name, to: to}, to, x)
}

// newDims is the shape that Flatten, Reshape, Squeeze and Unsqueeze give.
func (imp *importer) newDims(n *onnx.Node, dims []int) (to []int, err error) {
	if n.Op == "Flatten" {
		a := n.Int("axis", 1)
		if a < 0 {
			a += int64(len(dims))
		}
		if a < 0 || a > int64(len(dims)) {
			return nil, fmt.Errorf("%w: axis %d of a tensor with %d dimensions", ErrMalformed, n.Int("axis", 1), len(dims))
		}
		return []int{volume(dims[:a]), volume(dims[a:])}, nil
	}
	if n.Op == "Reshape" {
		list, err := imp.ints(n, 1, "shape")
		if err != nil {
			return nil, err
		}
		return reshaped(dims, list, n.Int("allowzero", 0) != 0)
	}
	list, err := imp.ints(n, 1, "axes")
	if err != nil {
		return nil, err
	}
	if n.Op == "Unsqueeze" {
		marked, err := axes(list, len(dims)+len(list))
		if err != nil {
			return nil, err
		}
		for _, one := range marked {
			if one {
				to = append(to, 1)
			} else {
				to, dims = append(to, dims[0]), dims[1:]
			}
		}
		return to, nil
	}
	marked, err := axes(list, len(dims))
	if err != nil {
		return nil, err
	}
	for i, d := range dims {
		switch {
		case list == nil && d == 1:
		case marked[i] && d != 1:
			return nil, fmt.Errorf("%w: dimension %d of %v is not 1", ErrMalformed, i, dims)
		case !marked[i]:
			to = append(to, d)
		}
	}
	return to, nil
}

// reshaped reads a shape in which 0 is the dimension of before and -1 what is
// left.
func reshaped(dims []int, list []int64, zero bool) ([]int, error) {
	var to []int
	open, rest := -1, int64(volume(dims))
	for i, d := range list {
		switch {
		case d == 0 && !zero && i < len(dims):
			d = int64(dims[i])
		case d == -1 && open < 0:
			open = i
			d = 1
		}
		if d < 1 || rest%d != 0 {
			return nil, fmt.Errorf("%w: shape %v can't become %d", ErrMalformed, dims, list)
		}
		rest /= d
		to = append(to, int(d))
	}
	if open >= 0 {
		to[open], rest = int(rest), 1
	}
	if rest != 1 {
		return nil, fmt.Errorf("%w: shape %v can't become %d", ErrMalformed, dims, list)
	}
	return to, nil
}

func (imp *importer) transpose(n *onnx.Node) error {
	if err := imp.takes(n, 1, 1); err != nil {
		return err
	}
	x, dims, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	order, err := permutation(n, len(dims))
	if err != nil {
		return err
	}
	to := make([]int, len(dims))
	for i, o := range order {
		to[i] = dims[o]
	}
	return imp.give(n, newTranspose(dims, order), to, x)
}

// permutation reads perm, which is reversed when left out.
func permutation(n *onnx.Node, rank int) ([]int, error) {
	order := make([]int, rank)
	a := n.Attribute("perm")
	if a == nil {
		for i := range order {
			order[i] = rank - 1 - i
		}
		return order, nil
	}
	if _, err := axes(a.Ints, rank); err != nil || len(a.Ints) != rank {
		return nil, fmt.Errorf("%w: perm %d of %d dimensions", ErrMalformed, a.Ints, rank)
	}
	for i, o := range a.Ints {
		order[i], _ = axis(o, rank)
	}
	return order, nil
}

func (imp *importer) concat(n *onnx.Node) error {
	if err := imp.takes(n, 1, math.MaxInt); err != nil {
		return err
	}
	_, first, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	a, err := axis(n.Int("axis", 1), len(first))
	if err != nil {
		return err
	}
	l := concat{outer: volume(first[:a])}
	to := slices.Clone(first)
	to[a] = 0
	var in []int
	for i := range n.Inputs {
		if n.Inputs[i] == "" {
			return fmt.Errorf("%w: input %d is missing", ErrMalformed, i)
		}
		v, dims, err := imp.activation(n, i)
		if err != nil {
			return err
		}
		if len(dims) != len(to) || !slices.Equal(dims[:a], to[:a]) || !slices.Equal(dims[a+1:], to[a+1:]) {
			return fmt.Errorf("%w: shapes %v and %v do not fit along axis %d", ErrMalformed, first, dims, a)
		}
		if to[a] += dims[a]; to[a] > maxVolume {
			return sound(to)
		}
		in, l.widths = append(in, v), append(l.widths, volume(dims[a:]))
	}
	return imp.give(n, l, to, in...)
}

// reduceMean reads axes from an attribute before version 18, then from an input.
func (imp *importer) reduceMean(n *onnx.Node) error {
	if err := imp.takes(n, 1, 2); err != nil {
		return err
	}
	x, dims, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	list, err := imp.ints(n, 1, "axes")
	if err != nil {
		return err
	}
	over, err := axes(list, len(dims))
	if err != nil {
		return err
	}
	if len(list) == 0 {
		if n.Int("noop_with_empty_axes", 0) != 0 {
			return imp.alias(n, x)
		}
		for i := range over {
			over[i] = true
		}
	}
	var to []int
	for i, d := range dims {
		if !over[i] {
			to = append(to, d)
		} else if n.Int("keepdims", 1) != 0 {
			to = append(to, 1)
		}
	}
	if len(to) == 0 {
		to = []int{1}
	}
	return imp.give(n, newMean(dims, over), to, x)
}
