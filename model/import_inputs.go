package model

import (
	"fmt"
	"slices"

	"tandem/model/internal/onnx"
	"tandem/model/internal/op"
)

// input takes the one input that is not a constant.
func (imp *importer) input(values []onnx.Value) error {
	var found *onnx.Value
	for i := range values {
		v := &values[i]
		if imp.constants[v.Name] != nil {
			continue
		}
		if found != nil {
			return fmt.Errorf("inputs %.80q and %.80q: %w: one is wanted", found.Name, v.Name, ErrUnsupported)
		}
		found = v
	}
	if found == nil {
		return fmt.Errorf("%w: the graph has no input", ErrMalformed)
	}
	if found.Type != onnx.Float32 {
		return fmt.Errorf("input %.80q holds %v: %w: float32 is wanted", found.Name, found.Type, ErrUnsupported)
	}
	dims, err := inputDims(found.Dims)
	if err != nil {
		return fmt.Errorf("input %.80q: %w", found.Name, err)
	}
	if err := imp.define(found.Name); err != nil {
		return err
	}
	imp.value(found.Name, dims, found.Type)
	return nil
}

// inputDims is the shape of the input: an open batch is one of 1, and a batch that
// is fixed to more is part of every frame.
func inputDims(dims []onnx.Dim) ([]int, error) {
	if len(dims) > op.MaxRank {
		return nil, fmt.Errorf("%d dimensions: %w: at most %d are", len(dims), ErrUnsupported, op.MaxRank)
	}
	if dims == nil {
		return nil, fmt.Errorf("%w: it has no shape: export with fixed sizes", ErrUnsupported)
	}
	shape := []int{}
	if len(dims) > 1 && dims[0].Size == -1 {
		dims, shape = dims[1:], append(shape, 1)
	}
	n := int64(1)
	for _, d := range dims {
		if d.Size == -1 {
			return nil, fmt.Errorf("open dimension %.80q: %w: only the batch may be open: export with fixed sizes", d.Symbol, ErrUnsupported)
		}
		if d.Size < 1 || d.Size > op.MaxVolume/n {
			return nil, fmt.Errorf("%w: dimension %d: 1 or more is wanted, and at most %d elements in all", ErrMalformed, d.Size, op.MaxVolume)
		}
		n *= d.Size
		shape = append(shape, int(d.Size))
	}
	return shape, nil
}

// output finds the value that the graph gives, and names it so.
func (imp *importer) output(values []onnx.Value) (int, error) {
	if len(values) != 1 {
		return 0, fmt.Errorf("%d outputs: %w: one is wanted", len(values), ErrUnsupported)
	}
	name := values[0].Name
	v, ok := imp.made[name]
	if !ok {
		return 0, fmt.Errorf("%w: no node makes the output %.80q from the input", ErrMalformed, name)
	}
	names := imp.net.values[v].names
	if i := slices.Index(names, name); i > 0 {
		names[0], names[i] = names[i], names[0]
	}
	return v, nil
}
