package model

import (
	"fmt"
	"math"

	"tandem/model/internal/f32"
	"tandem/model/internal/onnx"
)

func (imp *importer) relu(n *onnx.Node) error { return imp.same(n, relu) }

// clip reads bounds from attributes before version 11, then from inputs.
func (imp *importer) clip(n *onnx.Node) error {
	c := clamp{bounds: f32.Clamp{Min: n.Float("min", f32.Linear.Min), Max: n.Float("max", f32.Linear.Max)}}
	if imp.opset >= 11 {
		var err error
		if c.bounds.Min, err = imp.float(n, 1, f32.Linear.Min); err != nil {
			return err
		}
		if c.bounds.Max, err = imp.float(n, 2, f32.Linear.Max); err != nil {
			return err
		}
	}
	c.name = fmt.Sprintf("clip to %g to %g", c.bounds.Min, c.bounds.Max)
	if err := imp.takes(n, 1, 3); err != nil {
		return err
	}
	x, dims, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	return imp.give(n, c, dims, x)
}

func (imp *importer) sigmoid(n *onnx.Node) error {
	return imp.same(n, curve{name: "sigmoid", of: sigmoid})
}

func (imp *importer) tanh(n *onnx.Node) error { return imp.same(n, curve{name: "tanh", of: tanh}) }

func (imp *importer) hardSwish(n *onnx.Node) error {
	return imp.same(n, curve{name: "hard swish", of: hardSwish})
}

func (imp *importer) leakyRelu(n *onnx.Node) error {
	return imp.same(n, curve{name: "leaky relu", of: leakyRelu(n.Float("alpha", 0.01))})
}

func (imp *importer) hardSigmoid(n *onnx.Node) error {
	return imp.same(n, curve{name: "hard sigmoid", of: hardSigmoid(n.Float("alpha", 0.2), n.Float("beta", 0.5))})
}

// same reads a node with one input, whose output has the same shape.
func (imp *importer) same(n *onnx.Node, o operation) error {
	if err := imp.takes(n, 1, 1); err != nil {
		return err
	}
	x, dims, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	return imp.give(n, o, dims, x)
}

// softmax reads Y = exp(X) / sum(exp(X)), the sum over one axis; before version
// 13 over that axis and all after it.
func (imp *importer) softmax(n *onnx.Node) error {
	if err := imp.takes(n, 1, 1); err != nil {
		return err
	}
	x, dims, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	otherwise := int64(-1)
	if imp.opset < 13 {
		otherwise = 1
	}
	a, err := axis(n.Int("axis", otherwise), len(dims))
	if err != nil {
		return err
	}
	l := softmax{outer: volume(dims[:a]), along: dims[a], inner: volume(dims[a+1:])}
	if imp.opset < 13 {
		l.along, l.inner = l.along*l.inner, 1
	}
	return imp.give(n, l, dims, x)
}

func (imp *importer) lrn(n *onnx.Node) error {
	if err := imp.takes(n, 1, 1); err != nil {
		return err
	}
	x, dims, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	size := n.Int("size", 0)
	if len(dims) < 3 || dims[0] != 1 || size < 1 || size > maxVolume {
		return fmt.Errorf("%w: size %d in shape %d", ErrMalformed, size, dims)
	}
	return imp.give(n, lrn{
		channels: dims[1], plane: volume(dims[2:]), size: int(size),
		alpha: float64(n.Float("alpha", 1e-4)), beta: float64(n.Float("beta", 0.75)), bias: float64(n.Float("bias", 1)),
	}, dims, x)
}

// batchNormalization scales each channel; a convolution or dense layer before it
// does so with its weights.
func (imp *importer) batchNormalization(n *onnx.Node) error {
	if err := imp.takes(n, 5, 5); err != nil {
		return err
	}
	x, dims, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	if n.Int("training_mode", 0) != 0 {
		return fmt.Errorf("training_mode: %w: export in eval mode", ErrUnsupported)
	}
	if len(dims) < 2 || dims[0] != 1 {
		return fmt.Errorf("%w: it has no channels in shape %d", ErrMalformed, dims)
	}
	s := scaling{normal: true, epsilon: float64(n.Float("epsilon", 1e-5))}
	if e := s.epsilon; math.IsNaN(e) || e < 0 {
		return fmt.Errorf("%w: epsilon %g", ErrMalformed, e)
	}
	for i, to := range []**constant{&s.gamma, &s.beta, &s.mu, &s.variance} {
		c, err := imp.floats(n, i+1)
		if err != nil {
			return err
		}
		if len(c.dims) != 1 || c.dims[0] != int64(dims[1]) {
			return fmt.Errorf("%w: %.80q of shape %d for %d channels", ErrMalformed, c.name, c.dims, dims[1])
		}
		*to = c
	}
	if imp.fold(n, x, 0, s) {
		return imp.absorb(n, x, "batch normalisation")
	}
	return imp.give(n, &scaled{channels: dims[1], plane: volume(dims[2:]), scaling: s}, dims, x)
}

// fold hands a scaling of input i, value v, to the convolution or dense layer
// that makes v, if nobody else uses it.
func (imp *importer) fold(n *onnx.Node, v, i int, s scaling) bool {
	k, made := imp.maker[v]
	if !made || !imp.sole(v, n.Inputs[i]) {
		return false
	}
	switch o := imp.net.nodes[k].operation.(type) {
	case *conv:
		o.after = append(o.after, s)
		return true
	case *dense:
		if s.normal && o.rows != 1 {
			return false
		}
		o.append(s)
		return true
	}
	return false
}

func (imp *importer) add(n *onnx.Node) error { return imp.arithmetic(n, "add") }
func (imp *importer) sub(n *onnx.Node) error { return imp.arithmetic(n, "subtract") }
func (imp *importer) mul(n *onnx.Node) error { return imp.arithmetic(n, "multiply") }
func (imp *importer) div(n *onnx.Node) error { return imp.arithmetic(n, "divide") }
func (imp *importer) min(n *onnx.Node) error { return imp.extreme(n, "minimum") }
func (imp *importer) max(n *onnx.Node) error { return imp.extreme(n, "maximum") }

// arithmetic reads an operator on two tensors, one of which may be a constant.
func (imp *importer) arithmetic(n *onnx.Node, name string) error {
	if err := imp.takes(n, 2, 2); err != nil {
		return err
	}
	if s, i, ok := imp.asScaling(n, name); ok {
		if x := imp.made[n.Inputs[i]]; imp.fold(n, x, i, s) {
			return imp.absorb(n, x, n.Op)
		}
	}
	return imp.combine(n, name)
}

// asScaling says whether the node shifts or scales the channels of activation i
// by a constant.
func (imp *importer) asScaling(n *onnx.Node, name string) (s scaling, i int, ok bool) {
	if name == "divide" || imp.constants[n.Inputs[0]] != nil && name == "subtract" {
		return s, 0, false
	}
	if imp.constants[n.Inputs[0]] != nil {
		i = 1
	}
	c := imp.constants[n.Inputs[1-i]]
	if c == nil || c.weight() != nil {
		return s, 0, false
	}
	x := imp.made[n.Inputs[i]]
	dims := imp.dims[x]
	channel := len(dims) - 1
	if k, made := imp.maker[x]; made {
		if _, is := imp.net.nodes[k].operation.(*conv); is {
			channel = 1
		}
	}
	if !c.perChannel(len(dims), channel, dims[channel]) {
		return s, 0, false
	}
	switch name {
	case "add":
		s = scaling{shift: c, times: 1}
	case "subtract":
		s = scaling{shift: c, times: -1}
	case "multiply":
		s = scaling{factor: c}
	}
	return s, i, true
}

// extreme reads Min or Max of any number of tensors; of one and a number it is a
// clamp.
func (imp *importer) extreme(n *onnx.Node, name string) error {
	if err := imp.takes(n, 1, 2); err != nil {
		return fmt.Errorf("%w (%w: more than two)", err, ErrUnsupported)
	}
	if len(n.Inputs) == 1 {
		return imp.alias(n, imp.made[n.Inputs[0]])
	}
	for i := range 2 {
		c := imp.constants[n.Inputs[i]]
		if c == nil || c.volume() != 1 {
			continue
		}
		x, dims, err := imp.activation(n, 1-i)
		if err != nil {
			return err
		}
		if len(c.dims) > len(dims) {
			break
		}
		v, err := imp.float(n, i, 0)
		if err != nil {
			return err
		}
		l := clamp{bounds: f32.Linear, name: fmt.Sprintf("%s with %g", name, v)}
		if name == "minimum" {
			l.bounds.Max = v
		} else {
			l.bounds.Min = v
		}
		return imp.give(n, l, dims, x)
	}
	return imp.combine(n, name)
}

// combine computes two tensors element by element.
func (imp *importer) combine(n *onnx.Node, name string) error {
	l := &elementwise{name: name}
	var shapes [2][]int
	var in []int
	for i := range 2 {
		c := imp.constants[n.Inputs[i]]
		if c == nil {
			v := imp.made[n.Inputs[i]]
			shapes[i], in = imp.dims[v], append(in, v)
			continue
		}
		if err := c.weight(); err != nil {
			return err
		}
		l.constant, l.first = c, i == 0
		for _, d := range c.dims {
			shapes[i] = append(shapes[i], int(d))
		}
	}
	dims, err := broadcast(shapes[0], shapes[1])
	if err != nil {
		return err
	}
	if err := sound(dims); err != nil {
		return err
	}
	l.walk = together(dims, shapes[0], shapes[1])
	return imp.give(n, l, dims, in...)
}
