package model

import (
	"fmt"
	"math"

	"tandem/model/internal/onnx"
)

// slice takes part of some dimensions.
func (imp *importer) slice(n *onnx.Node) error {
	if err := imp.takes(n, 1, 5); err != nil {
		return err
	}
	x, dims, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	chosen, err := imp.slices(n, dims)
	if err != nil {
		return err
	}
	return imp.pick(n, 0, "slice", x, dims, chosen, 0)
}

// slices reads what a Slice takes: from inputs, or before version 10 from
// attributes.
func (imp *importer) slices(n *onnx.Node, dims []int) ([]chosen, error) {
	var lists [4][]int64 // starts, ends, axes, steps
	for i, name := range []string{"starts", "ends", "axes", "steps"} {
		var err error
		if lists[i], err = imp.ints(n, i+1, name); err != nil {
			return nil, err
		}
	}
	starts, ends, list, steps := lists[0], lists[1], lists[2], lists[3]
	for i := 0; list == nil && i < len(starts) && i < len(dims); i++ {
		lists[2] = append(lists[2], int64(i))
	}
	list = lists[2]
	for steps == nil && len(lists[3]) < len(starts) {
		lists[3] = append(lists[3], 1)
	}
	steps = lists[3]
	if len(starts) == 0 || len(ends) != len(starts) || len(list) != len(starts) || len(steps) != len(starts) {
		return nil, fmt.Errorf("%w: starts %d, ends %d, axes %d, steps %d", ErrMalformed, starts, ends, list, steps)
	}
	if _, err := axes(list, len(dims)); err != nil {
		return nil, err
	}
	all := whole(dims)
	for i, a := range list {
		k, _ := axis(a, len(dims))
		c, err := cutOut(int64(dims[k]), starts[i], ends[i], steps[i])
		if err != nil {
			return nil, err
		}
		all[k] = c
	}
	return all, nil
}

// cutOut is start to end of a dimension of size n, as Python counts.
func cutOut(n, start, end, step int64) (chosen, error) {
	if step == 0 || step == math.MinInt64 {
		return chosen{}, fmt.Errorf("%w: a slice with step %d", ErrMalformed, step)
	}
	least, most := int64(0), n
	if step < 0 {
		least, most = -1, n-1
	}
	bound := func(v int64) int64 {
		if v < 0 {
			v += n
		}
		return min(max(v, least), most)
	}
	start, end = bound(start), bound(end)
	size := int64(0)
	if step > 0 && end > start {
		size = (end-start-1)/step + 1
	} else if step < 0 && start > end {
		size = (start-end-1)/-step + 1
	}
	if size < 1 {
		return chosen{}, fmt.Errorf("from %d to %d of %d in steps of %d: %w: nothing is left", start, end, n, step, ErrUnsupported)
	}
	if size == 1 {
		step = 1
	}
	return chosen{size: int(size), start: int(start), step: int(step)}, nil
}

// whole takes everything.
func whole(dims []int) []chosen {
	all := make([]chosen, len(dims))
	for i, d := range dims {
		all[i] = chosen{size: d, step: 1}
	}
	return all
}

// pick makes output i of the node.
func (imp *importer) pick(n *onnx.Node, i int, name string, x int, dims []int, all []chosen, pad float32) error {
	to := make([]int, len(dims))
	for k, c := range all {
		to[k] = c.size
	}
	return imp.giveTo(n, i, &pick{name: name, from: dims, axes: all, pad: pad}, to, x)
}

// split gives the parts of a dimension, each an output of its own.
func (imp *importer) split(n *onnx.Node) error {
	if len(n.Inputs) < 1 || len(n.Inputs) > 2 || len(n.Outputs) < 1 {
		return fmt.Errorf("%w: %d inputs and %d outputs, want 1 to 2, and 1 or more", ErrMalformed, len(n.Inputs), len(n.Outputs))
	}
	x, dims, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	a, err := axis(n.Int("axis", 0), len(dims))
	if err != nil {
		return err
	}
	parts, err := imp.ints(n, 1, "split")
	if err != nil {
		return err
	}
	if count := len(n.Outputs); parts == nil {
		each := (dims[a] + count - 1) / count // the last one may be smaller
		for left := dims[a]; len(parts) < count; left -= each {
			parts = append(parts, int64(min(each, left)))
		}
	}
	if len(parts) != len(n.Outputs) {
		return fmt.Errorf("%w: %d parts and %d outputs", ErrMalformed, len(parts), len(n.Outputs))
	}
	at := int64(0)
	for i, size := range parts {
		if size < 1 || size > int64(dims[a])-at {
			return fmt.Errorf("%w: parts %d of %d", ErrMalformed, parts, dims[a])
		}
		if n.Outputs[i] != "" {
			if err := imp.define(n.Outputs[i]); err != nil {
				return err
			}
			all := whole(dims)
			all[a] = chosen{size: int(size), start: int(at), step: 1}
			if err := imp.pick(n, i, "split", x, dims, all, 0); err != nil {
				return err
			}
		}
		at += size
	}
	if at != int64(dims[a]) {
		return fmt.Errorf("%w: parts %d of %d", ErrMalformed, parts, dims[a])
	}
	return nil
}

// gather takes listed places of one dimension.
func (imp *importer) gather(n *onnx.Node) error {
	if err := imp.takes(n, 2, 2); err != nil {
		return err
	}
	x, dims, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	a, err := axis(n.Int("axis", 0), len(dims))
	if err != nil {
		return err
	}
	c, err := imp.constant(n, 1)
	if err != nil {
		return err
	}
	list, to, err := gathered(dims, a, c)
	if err != nil {
		return err
	}
	all := whole(dims)
	all[a] = chosen{size: len(list), list: list}
	return imp.give(n, &pick{name: "gather", from: dims, axes: all}, to, x)
}

// gathered is which places a Gather takes, and the shape that it gives.
func gathered(dims []int, a int, indices *constant) ([]int64, []int, error) {
	if indices == nil || !indices.integer || len(indices.ints) == 0 {
		return nil, nil, fmt.Errorf("%w: its indices are no integers", ErrMalformed)
	}
	list := make([]int64, len(indices.ints))
	for i, v := range indices.ints {
		at, err := axis(v, dims[a])
		if err != nil {
			return nil, nil, fmt.Errorf("%w: index %d of a dimension of %d", ErrMalformed, v, dims[a])
		}
		list[i] = int64(at)
	}
	to := append([]int{}, dims[:a]...)
	for _, d := range indices.dims {
		to = append(to, int(d))
	}
	return list, append(to, dims[a+1:]...), nil
}

// pad puts elements around; a negative number of them takes some away.
func (imp *importer) pad(n *onnx.Node) error {
	if err := imp.takes(n, 1, 4); err != nil {
		return err
	}
	x, dims, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	pads, err := imp.ints(n, 1, "pads")
	if err != nil {
		return err
	}
	list, err := imp.ints(n, 3, "")
	if err != nil {
		return err
	}
	if list == nil {
		for i := range dims {
			list = append(list, int64(i))
		}
	}
	if _, err := axes(list, len(dims)); err != nil {
		return err
	}
	if len(pads) != 2*len(list) {
		return fmt.Errorf("%w: pads %d of %d dimensions", ErrMalformed, pads, len(list))
	}
	value, err := imp.float(n, 2, n.Float("value", 0))
	if err != nil {
		return err
	}
	mode := "constant"
	if m := n.Attribute("mode"); m != nil && m.String != "" {
		mode = m.String
	}
	if mode != "constant" && mode != "reflect" && mode != "edge" {
		return fmt.Errorf("mode %.20q: %w: constant, reflect and edge are", mode, ErrUnsupported)
	}
	all := whole(dims)
	for i, a := range list {
		k, _ := axis(a, len(dims))
		before, after := pads[i], pads[i+len(list)]
		most := int64(maxVolume)
		if mode == "reflect" {
			most = int64(dims[k]) - 1
		}
		if before > most || after > most || before < -maxVolume || after < -maxVolume || int64(dims[k])+before+after < 1 {
			return fmt.Errorf("%w: pads %d of shape %v", ErrMalformed, pads, dims)
		}
		all[k] = chosen{size: int(int64(dims[k]) + before + after), start: int(-before), mode: mode}
	}
	return imp.pick(n, 0, "pad", x, dims, all, value)
}

// shape is a constant: shapes do not depend on what is in a frame.
func (imp *importer) shape(n *onnx.Node) error {
	if err := imp.takes(n, 1, 1); err != nil {
		return err
	}
	_, dims, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	wide := make([]int64, len(dims))
	for i, d := range dims {
		wide[i] = int64(d)
	}
	c, err := shapeOf(n, wide)
	if err != nil {
		return err
	}
	c.name = n.Outputs[0]
	imp.constants[c.name] = c
	return nil
}
