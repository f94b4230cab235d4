package model

import (
	"fmt"

	"tandem/model/internal/onnx"
)

// relu reads Y = max(0, X).
func (imp *importer) relu(n *onnx.Node) error {
	if err := imp.counts(n, 1, 1); err != nil {
		return err
	}
	shape, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	return imp.grow(n, relu{dims: shape})
}

// softmax reads Y = exp(X) / sum(exp(X)), the sum over one axis; before version
// 13 over that axis and all after it.
func (imp *importer) softmax(n *onnx.Node) error {
	if err := imp.counts(n, 1, 1); err != nil {
		return err
	}
	shape, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	flat := imp.opset < 13
	otherwise := int64(-1)
	if flat {
		otherwise = 1
	}
	axis, err := imp.axis(n, shape, otherwise, int64(len(shape)))
	if err != nil {
		return err
	}
	if flat {
		axis = max(axis, 0) // the batch is one row, so summing over it as well adds nothing
		return imp.grow(n, softmax{dims: shape, group: volume(shape[axis:])})
	}
	if axis < 0 || volume(shape[axis+1:]) != 1 {
		return fmt.Errorf("softmax over dimension %d of a frame %v: %w: only over the last", axis, shape, ErrUnsupported)
	}
	return imp.grow(n, softmax{dims: shape, group: shape[axis]})
}

// flatten reads a frame as one row.
func (imp *importer) flatten(n *onnx.Node) error {
	if err := imp.counts(n, 1, 1); err != nil {
		return err
	}
	shape, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	axis, err := imp.axis(n, shape, 1, int64(len(shape))+1)
	if err != nil {
		return err
	}
	// The dimensions before the axis become the rows: one is wanted, the frame.
	if !imp.batched || volume(shape[:max(axis, 0)]) != 1 {
		return fmt.Errorf("flatten at axis %d gives more than one row of a frame %v: %w: flatten all but the batch", n.Int("axis", 1), shape, ErrUnsupported)
	}
	return imp.grow(n, flatten{from: shape})
}

// axis is the attribute axis as an index into the shape of a frame: -1 is the
// batch. most is the highest one, in terms of the frame.
func (imp *importer) axis(n *onnx.Node, shape []int, otherwise, most int64) (int, error) {
	axis, rank, batch := n.Int("axis", otherwise), int64(len(shape)), int64(0)
	if imp.batched {
		batch = 1
	}
	if axis < 0 {
		axis += rank + batch
	}
	if axis -= batch; axis < -batch || axis >= most {
		return 0, fmt.Errorf("%w: axis %d of a tensor with %d dimensions", ErrMalformed, n.Int("axis", otherwise), rank+batch)
	}
	return int(axis), nil
}

// identity gives its input another name.
func (imp *importer) identity(n *onnx.Node) error {
	if err := imp.counts(n, 1, 1); err != nil {
		return err
	}
	name := n.Outputs[0]
	if t := imp.constants[n.Inputs[0]]; t != nil {
		imp.constants[name] = t
		return nil
	}
	if _, err := imp.activation(n, 0); err != nil {
		return err
	}
	imp.made[name] = imp.current
	a := &imp.net.input
	if l := imp.net.Len(); l > 0 {
		a = &imp.net.steps[l-1].output
	}
	a.names = append(a.names, name)
	return nil
}

// constant gives a tensor, a number or a list of numbers.
func (imp *importer) constant(n *onnx.Node) error {
	if err := imp.counts(n, 0, 0); err != nil {
		return err
	}
	if len(n.Attributes) != 1 {
		return fmt.Errorf("%w: %d attributes, want one with its value", ErrMalformed, len(n.Attributes))
	}
	var t *onnx.Tensor
	switch a := &n.Attributes[0]; {
	case a.Name == "value" && a.Tensor != nil:
		t = a.Tensor
	case a.Name == "value_float":
		t = onnx.FloatTensor([]float32{a.Float})
	case a.Name == "value_floats":
		t = onnx.FloatTensor(a.Floats, int64(len(a.Floats)))
	default:
		return fmt.Errorf("attribute %.80q: %w: value, value_float and value_floats are", a.Name, ErrUnsupported)
	}
	imp.constants[n.Outputs[0]] = t
	return nil
}
