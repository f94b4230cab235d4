package op

import (
	"fmt"
	"slices"

	"tandem/model/internal/onnx"
)

// Normalisations of neighbouring elements, each followed by a factor and a
// summand:
//
//	                    normalised together      scale and bias
//	Layer, RMS          dimensions from axis on  for each of these elements
//	Instance            a plane                  for each channel
//	Group               channels of a group      for each channel, or each group

// layerNormalization brings mean to 0 and variance to 1: Ba et al. 2016.
func layerNormalization(n *Node) error {
	if err := n.takes(2, 3); err != nil {
		return err
	}
	shape, l, err := n.fromAxis()
	if err != nil {
		return err
	}
	if err := n.combine(l, shape, 0, 1, 2); err != nil {
		return err
	}
	a, _ := axis(n.Int("axis", -1), len(shape))
	rows := slices.Clone(shape)
	for i := a; i < len(rows); i++ {
		rows[i] = 1
	}
	for range len(n.Outputs) - 1 { // mean, and one by the deviation
		if err := n.also(rows, onnx.Float32); err != nil {
			return err
		}
	}
	return nil
}

// rmsNormalization divides by the root of the mean square: Zhang and Sennrich
// 2019.
func rmsNormalization(n *Node) error {
	if err := n.takes(2, 2); err != nil {
		return err
	}
	shape, l, err := n.fromAxis()
	if err != nil {
		return err
	}
	l.name, l.raw = "rms norm", true
	return n.combine(l, shape, 0, 1)
}

// fromAxis reads a normalisation of the dimensions from an axis on.
func (n *Node) fromAxis() ([]int, *normOp, error) {
	shape, err := n.dims(0)
	if err != nil {
		return nil, nil, err
	}
	a, err := axis(n.Int("axis", -1), len(shape))
	if err != nil {
		return nil, nil, err
	}
	l := &normOp{name: "layer norm", size: Volume(shape[a:]), each: 1}
	return shape, l, n.affine(l, l.size)
}

// instanceNormalization normalises each plane: Ulyanov et al. 2016.
func instanceNormalization(n *Node) error {
	shape, err := n.planes(3)
	if err != nil {
		return err
	}
	plane := Volume(shape[2:])
	l := &normOp{name: "instance norm", size: plane, each: plane}
	if err := n.affine(l, shape[1]); err != nil {
		return err
	}
	return n.combine(l, shape, 0, 1, 2)
}

// groupNormalization normalises groups of channels: Wu and He 2018. Before
// version 21 scale and bias are for each group.
func groupNormalization(n *Node) error {
	shape, err := n.planes(3)
	if err != nil {
		return err
	}
	groups, channels := n.Int("num_groups", 0), shape[1]
	if groups < 1 || groups > int64(channels) || channels%int(groups) != 0 {
		return fmt.Errorf("%w: %d groups of %d channels", ErrMalformed, groups, channels)
	}
	plane := Volume(shape[2:])
	l := &normOp{name: "group norm", size: plane * (channels / int(groups)), each: plane}
	if n.Opset < 21 {
		l.each, channels = l.size, int(groups)
	}
	if err := n.affine(l, channels); err != nil {
		return err
	}
	return n.combine(l, shape, 0, 1, 2)
}

// planes gives the shape of input 0, which has channels, of a node with so many
// inputs.
func (n *Node) planes(inputs int) ([]int, error) {
	if err := n.takes(inputs, inputs); err != nil {
		return nil, err
	}
	shape, err := n.dims(0)
	if err == nil && len(shape) < 3 {
		err = fmt.Errorf("%w: it has no planes in shape %d", ErrMalformed, shape)
	}
	return shape, err
}

// affine reads epsilon, and checks that scale and bias have so many numbers.
func (n *Node) affine(l *normOp, count int) error {
	l.epsilon = float64(n.Float("epsilon", 1e-5))
	for i := 1; i < len(n.In); i++ {
		if !n.has(i) {
			continue
		}
		d, err := n.dims(i)
		if err != nil {
			return err
		}
		if Volume(d) != count && Volume(d) != 1 {
			return fmt.Errorf("input %d of shape %d for %d: %w", i, d, count, ErrUnsupported)
		}
	}
	return nil
}

type normOp struct {
	weightless
	name    string
	size    int // elements that are normalised together
	each    int // neighbouring elements that have one scale and bias
	epsilon float64
	raw     bool // the mean stays
}

func (l *normOp) InPlace()              {}
func (l *normOp) Load() (Kernel, error) { return &normKernel{normOp: l}, nil }
func (l *normOp) String() string        { return fmt.Sprintf("%s over %d", l.name, l.size) }
