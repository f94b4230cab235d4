package model

import (
	"fmt"
	"slices"

	"tandem/model/internal/onnx"
)

// constantNode gives a tensor, a number or a list of numbers.
func (imp *importer) constantNode(n *onnx.Node) error {
	if err := imp.takes(n, 0, 0); err != nil {
		return err
	}
	if len(n.Attributes) != 1 {
		return fmt.Errorf("%w: %d attributes, want one with its value", ErrMalformed, len(n.Attributes))
	}
	name := n.Outputs[0]
	c := &constant{name: name}
	switch a := &n.Attributes[0]; {
	case a.Name == "value" && a.Tensor != nil:
		var err error
		if c, err = imp.hold(name, a.Tensor); err != nil {
			return err
		}
	case a.Name == "value_float":
		c.reals = []float32{a.Float}
	case a.Name == "value_floats":
		c.reals, c.dims = a.Floats, []int64{int64(len(a.Floats))}
	case a.Name == "value_int":
		c.integer, c.ints = true, []int64{a.Int}
	case a.Name == "value_ints":
		c.integer, c.ints, c.dims = true, a.Ints, []int64{int64(len(a.Ints))}
	default:
		return fmt.Errorf("attribute %.80q: %w: value, value_float(s) and value_int(s) are", a.Name, ErrUnsupported)
	}
	imp.constants[name] = c
	return nil
}

func (imp *importer) onlyConstant(n *onnx.Node) error {
	return fmt.Errorf("its input depends on the frame: %w: shapes are fixed here", ErrUnsupported)
}

func foldIdentity(_ *importer, _ *onnx.Node, in []*constant) (*constant, error) {
	c := *in[0]
	return &c, nil
}

// small gives the shape of a constant that is computed with, and reads it.
func (imp *importer) small(c *constant) ([]int, error) {
	if c == nil {
		return nil, fmt.Errorf("%w: an input is missing", ErrMalformed)
	}
	if err := imp.know(c); err != nil {
		return nil, err
	}
	return intDims(c.dims)
}

// intDims checks that a constant has no more elements than an activation.
func intDims(dims []int64) ([]int, error) {
	small, n := make([]int, len(dims)), int64(1)
	for i, d := range dims {
		if d < 0 || d > maxElements/max(1, n) || len(dims) > maxRank {
			return nil, fmt.Errorf("a constant of shape %d: %w: it is too large to compute with", dims, ErrUnsupported)
		}
		small[i] = int(d)
		n *= max(1, d)
	}
	return small, nil
}

// take makes a constant of these elements of c.
func (imp *importer) take(c *constant, dims []int, from []int) (*constant, error) {
	if len(from) > maxKnown {
		return nil, fmt.Errorf("a constant of shape %d: %w: only up to %d numbers are computed with", dims, ErrUnsupported, maxKnown)
	}
	if err := imp.spend(16 * int64(len(from)+8)); err != nil {
		return nil, err
	}
	to := &constant{integer: c.integer}
	for _, d := range dims {
		to.dims = append(to.dims, int64(d))
	}
	for _, at := range from {
		if c.integer {
			to.ints = append(to.ints, c.ints[at])
		} else {
			to.reals = append(to.reals, c.reals[at])
		}
	}
	return to, nil
}

// foldShape is Flatten, Reshape, Squeeze and Unsqueeze: the same elements.
func foldShape(imp *importer, n *onnx.Node, in []*constant) (*constant, error) {
	dims, err := intDims(in[0].dims)
	if err != nil {
		return nil, err
	}
	if slices.Contains(dims, 0) {
		return nil, fmt.Errorf("a constant of shape %d: %w: it has no elements", dims, ErrUnsupported)
	}
	to, err := imp.newDims(n, dims)
	if err != nil {
		return nil, err
	}
	c := *in[0]
	if c.order != nil {
		if err := imp.know(&c); err != nil {
			return nil, err
		}
	}
	c.dims = make([]int64, len(to))
	for i, d := range to {
		c.dims[i] = int64(d)
	}
	return &c, nil
}

// foldTranspose leaves weights in the file, and notes in which order they are.
func foldTranspose(imp *importer, n *onnx.Node, in []*constant) (*constant, error) {
	dims, err := intDims(in[0].dims)
	if err != nil {
		return nil, err
	}
	order, err := permutation(n, len(dims))
	if err != nil {
		return nil, err
	}
	if c := in[0]; c.file != nil && c.order == nil && slices.Equal(c.dims, c.file.Dims) {
		turned := *c
		turned.order, turned.dims = order, make([]int64, len(order))
		for i, o := range order {
			turned.dims[i] = c.dims[o]
		}
		return &turned, nil
	}
	if dims, err = imp.small(in[0]); err != nil {
		return nil, err
	}
	to := make([]int, len(dims))
	for i, o := range order {
		to[i] = dims[o]
	}
	step := strides(dims)
	return imp.take(in[0], to, listed(to, func(at []int) int {
		from := 0
		for i, o := range order {
			from += at[i] * step[o]
		}
		return from
	}))
}

// listed calls f for every place of a tensor of these dims, in order.
func listed(dims []int, f func(at []int) int) []int {
	size := volume(dims)
	if size > maxKnown {
		return make([]int, maxKnown+1) // take refuses so many
	}
	all, at := make([]int, 0, size), make([]int, len(dims))
	for range size {
		all = append(all, f(at))
		for k := len(dims) - 1; k >= 0; k-- {
			if at[k]++; at[k] < dims[k] {
				break
			}
			at[k] = 0
		}
	}
	return all
}

func foldShapeOf(_ *importer, n *onnx.Node, in []*constant) (*constant, error) {
	return shapeOf(n, in[0].dims)
}

// shapeOf is the shape as a constant, or part of it.
func shapeOf(n *onnx.Node, dims []int64) (*constant, error) {
	rank := int64(len(dims))
	bound := func(v int64) int64 {
		if v < 0 {
			v += rank
		}
		return min(max(v, 0), rank)
	}
	start, end := bound(n.Int("start", 0)), bound(n.Int("end", rank))
	part := slices.Clone(dims[start:max(start, end)])
	return &constant{integer: true, ints: part, dims: []int64{int64(len(part))}}, nil
}

func foldGather(imp *importer, n *onnx.Node, in []*constant) (*constant, error) {
	dims, err := imp.small(in[0])
	if err != nil {
		return nil, err
	}
	a, err := axis(n.Int("axis", 0), len(dims))
	if err != nil {
		return nil, err
	}
	if len(in) != 2 {
		return nil, fmt.Errorf("%w: %d inputs, want 2", ErrMalformed, len(in))
	}
	list, to, err := gathered(dims, a, in[1])
	if err != nil {
		return nil, err
	}
	inner := volume(dims[a+1:])
	from := listed([]int{volume(dims[:a]), len(list), inner}, func(at []int) int {
		return (at[0]*dims[a]+int(list[at[1]]))*inner + at[2]
	})
	return imp.take(in[0], to, from)
}

func foldSlice(imp *importer, n *onnx.Node, in []*constant) (*constant, error) {
	dims, err := imp.small(in[0])
	if err != nil {
		return nil, err
	}
	all, err := imp.slices(n, dims)
	if err != nil {
		return nil, err
	}
	to := make([]int, len(dims))
	for i, c := range all {
		to[i] = c.size
	}
	step := strides(dims)
	return imp.take(in[0], to, listed(to, func(at []int) int {
		from := 0
		for k, i := range at {
			from += all[k].at(i, dims[k]) * step[k]
		}
		return from
	}))
}

// foldConcat joins small constants along one axis.
func foldConcat(imp *importer, n *onnx.Node, in []*constant) (*constant, error) {
	first, err := imp.small(in[0])
	if err != nil {
		return nil, err
	}
	a, err := axis(n.Int("axis", 0), len(first))
	if err != nil {
		return nil, err
	}
	joined := &constant{integer: in[0].integer}
	to, outer := slices.Clone(first), volume(first[:a])
	to[a] = 0
	for _, c := range in {
		dims, err := imp.small(c)
		if err != nil {
			return nil, err
		}
		if len(dims) != len(first) || !slices.Equal(dims[:a], first[:a]) || !slices.Equal(dims[a+1:], first[a+1:]) || c.integer != joined.integer {
			return nil, fmt.Errorf("%w: constants of shape %v and %v do not fit along axis %d", ErrMalformed, first, dims, a)
		}
		if to[a] += dims[a]; volume(to) > maxKnown {
			return nil, fmt.Errorf("a constant of shape %d: %w: only up to %d numbers are computed with", to, ErrUnsupported, maxKnown)
		}
	}
	if err := imp.spend(16 * int64(volume(to)+8)); err != nil {
		return nil, err
	}
	for o := range outer {
		for _, c := range in {
			if each := len(c.ints) / outer; c.integer {
				joined.ints = append(joined.ints, c.ints[o*each:][:each]...)
			} else {
				each = len(c.reals) / outer
				joined.reals = append(joined.reals, c.reals[o*each:][:each]...)
			}
		}
	}
	for _, d := range to {
		joined.dims = append(joined.dims, int64(d))
	}
	return joined, nil
}

func foldConstantOfShape(imp *importer, n *onnx.Node, in []*constant) (*constant, error) {
	if !in[0].integer {
		return nil, fmt.Errorf("%w: its shape is no integers", ErrMalformed)
	}
	of := &constant{reals: []float32{0}}
	if a := n.Attribute("value"); a != nil && a.Tensor != nil {
		var err error
		if of, err = imp.hold(n.Outputs[0], a.Tensor); err != nil {
			return nil, err
		}
		if dims, err := imp.small(of); err != nil || volume(dims) != 1 {
			return nil, fmt.Errorf("%w: its value has the shape %d, want one number (%v)", ErrMalformed, of.dims, err)
		}
	}
	dims, err := intDims(in[0].ints)
	if err != nil {
		return nil, err
	}
	return imp.take(of, dims, listed(dims, func([]int) int { return 0 }))
}
