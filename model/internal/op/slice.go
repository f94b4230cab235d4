package op

import (
	"fmt"
	"math"
)

// slice takes part of some dimensions.
func slice(n *Node) error {
	if err := n.takes(1, 5); err != nil {
		return err
	}
	shape, err := n.activation(0)
	if err != nil {
		return err
	}
	if to := n.declared(0); len(to) == len(shape) && (n.computed(1) || n.computed(2) || n.computed(3) || n.computed(4)) {
		return n.combine(movingSliceOp{}, to, 0, 1, 3, 4)
	}
	axes, err := n.slices(shape)
	if err != nil {
		return err
	}
	if to := sizes(axes); Volume(to) == 0 {
		return fmt.Errorf("of shape %v it gives %v: %w: nothing is left", shape, to, ErrUnsupported)
	}
	return n.pick("slice", shape, axes, 0)
}

// foldSlice also gives a part of a constant that is empty, as of a list of axes.
func foldSlice(n *Node) error {
	if err := n.takes(1, 5); err != nil {
		return err
	}
	shape, err := n.dims(0)
	if err != nil {
		return err
	}
	axes, err := n.slices(shape)
	if err != nil {
		return err
	}
	if to := sizes(axes); Volume(to) == 0 {
		return n.known(&Constant{Type: n.holds(0), Dims: wide(to)})
	}
	return n.fold(Operator{Read: slice})
}

// slices reads what a Slice takes: from inputs, or before version 10 from
// attributes.
func (n *Node) slices(shape []int) ([]chosen, error) {
	var lists [4][]int64
	for i, name := range []string{"starts", "ends", "axes", "steps"} {
		var err error
		if lists[i], err = n.ints(i+1, name); err != nil {
			return nil, err
		}
	}
	starts, ends, along, steps := lists[0], lists[1], lists[2], lists[3]
	if along == nil {
		for i := range min(len(starts), len(shape)) {
			along = append(along, int64(i))
		}
	}
	if steps == nil {
		for range starts {
			steps = append(steps, 1)
		}
	}
	if len(starts) == 0 || len(ends) != len(starts) || len(along) != len(starts) || len(steps) != len(starts) {
		return nil, fmt.Errorf("%w: starts %d, ends %d, axes %d, steps %d", ErrMalformed, starts, ends, along, steps)
	}
	if _, err := axes(along, len(shape)); err != nil {
		return nil, err
	}
	all := whole(shape)
	for i, a := range along {
		k, _ := axis(a, len(shape))
		c, err := cutOut(int64(shape[k]), starts[i], ends[i], steps[i])
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
	if size <= 1 {
		step = 1
	}
	return chosen{size: int(size), start: int(start), step: int(step)}, nil
}
