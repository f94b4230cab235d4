package model

import (
	"fmt"
	"slices"

	"tandem/model/internal/onnx"
	"tandem/model/internal/op"
)

// inputs takes the inputs that are not constants.
func (imp *importer) inputs(values []onnx.Value, s Settings) error {
	var inputs []*onnx.Value
	for i := range values {
		if imp.constants[values[i].Name] == nil {
			inputs = append(inputs, &values[i])
		}
	}
	if err := s.settle(inputs); err != nil {
		return err
	}
	for _, v := range inputs {
		if err := imp.input(v); err != nil {
			if err := imp.refuse(fmt.Errorf("input %.80q: %w", v.Name, err), v.Name); err != nil {
				return err
			}
		}
	}
	if len(inputs) == 0 {
		return fmt.Errorf("a graph without inputs: %w: it gives the same for every frame", ErrUnsupported)
	}
	return nil
}

func (imp *importer) input(v *onnx.Value) error {
	if !v.Type.Readable() {
		return fmt.Errorf("it holds %v: %w: numbers are wanted", v.Type, ErrUnsupported)
	}
	dims, err := inputDims(v)
	if err != nil {
		return err
	}
	if err := imp.define(v.Name); err != nil {
		return err
	}
	imp.value(v.Name, dims, v.Type)
	return nil
}

// inputDims is the shape of the input: an open batch is one of 1, and a batch that
// is fixed to more is part of every frame.
func inputDims(v *onnx.Value) ([]int, error) {
	dims := v.Dims
	if len(dims) > op.MaxRank {
		return nil, fmt.Errorf("%d dimensions: %w: at most %d are", len(dims), ErrUnsupported, op.MaxRank)
	}
	if dims == nil {
		return nil, fmt.Errorf("%w: it has no shape: give it one with --shape, as in --shape %.80s=1x3x224x224", ErrUnsupported, v.Name)
	}
	all, shape := dims, []int{}
	if len(dims) > 1 && dims[0].Size == -1 {
		dims, shape = dims[1:], append(shape, 1)
	}
	open := slices.IndexFunc(dims, func(d onnx.Dim) bool { return d.Size == -1 })
	if open >= 0 {
		return nil, fmt.Errorf("the size %.80q of %v is open: %w: fix it with --shape, as in --shape %.80s=%s",
			dims[open].Symbol, spelled(all), ErrUnsupported, v.Name, example(all))
	}
	n := int64(1)
	for _, d := range dims {
		if d.Size < 1 || d.Size > op.MaxVolume/n {
			return nil, fmt.Errorf("dimension %d: %w: 1 or more is wanted, and at most %d elements in all", d.Size, ErrUnsupported, op.MaxVolume)
		}
		n *= d.Size
		shape = append(shape, int(d.Size))
	}
	return shape, nil
}

// outputs finds the values that the graph gives, and names them so. What is
// given as it came in, or is a constant, becomes the result of a node.
func (imp *importer) outputs(given []onnx.Value, inputs int) (outputs []int, err error) {
	if len(given) == 0 || len(given) > maxOutputs {
		return nil, fmt.Errorf("%d outputs: %w: 1 to %d are wanted", len(given), ErrUnsupported, maxOutputs)
	}
	net := imp.net
	for _, g := range given {
		v, made := imp.made[g.Name]
		if c := imp.constants[g.Name]; c != nil {
			o, dims, err := op.Given(c)
			if err != nil {
				return nil, fmt.Errorf("output %.80q: %w", g.Name, err)
			}
			v, made = imp.value("", dims, c.Type), true
			net.values[v].names = []string{g.Name}
			net.nodes = append(net.nodes, node{o, nil, []int{v}})
		}
		if !made {
			return nil, fmt.Errorf("%w: no node makes the output %.80q from the inputs", ErrMalformed, g.Name)
		}
		names := net.values[v].names
		if i := slices.Index(names, g.Name); i > 0 {
			names[0], names[i] = names[i], names[0]
		}
		outputs = append(outputs, v)
	}
	if slices.Max(outputs) < inputs { // a network of no operation hands on what it gets
		for i, v := range outputs {
			outputs[i] = imp.value("", net.values[v].dims, net.values[v].holds)
			net.values[outputs[i]].names = []string{given[i].Name}
			net.nodes = append(net.nodes, node{op.Handed, []int{v}, []int{outputs[i]}})
		}
	}
	return outputs, nil
}
