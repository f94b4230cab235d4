package op

import (
	"fmt"
	"slices"

	"tandem/model/internal/onnx"
)

// Node is one node of a graph, as its operator reads it: attributes, and inputs
// that are settled.
type Node struct {
	*onnx.Node
	Opset    int64                     // version of the operators
	In       []Input                   // as many as Inputs
	Budget   *Budget                   // of memory for constants
	Declared func(tensor string) []int // its shape in the file, or nil where it is not noted or not fixed
	Results  []Result

	folding bool // all inputs are constants
}

// Input is a constant, or an activation of some shape, or left out.
type Input struct {
	Shape    []int         // of an activation, the batch in front; nil otherwise
	Type     onnx.DataType // of an activation's elements, which are computed as float32
	Constant *Constant     // nil for an activation
}

// Result is what one output of a node is: an operation on inputs, by their
// place in the node; or a further result of the operation before; or, without an
// operation, the first of these inputs; or a constant.
type Result struct {
	Also      bool // it is a further result, of this shape
	Operation Operation
	Shape     []int
	Type      onnx.DataType // of its elements
	From      []int
	Constant  *Constant
}

// give makes the next output that of an operation on these inputs.
func (n *Node) give(o Operation, shape []int, from ...int) error {
	if n.folding && slices.Contains(shape, 0) {
		// A constant may be empty, such as the part of a shape before its first dimension.
	} else if err := sound(shape); err != nil {
		return err
	}
	n.Results = append(n.Results, Result{Operation: o, Shape: shape, Type: n.holds(from[0]), From: from})
	return nil
}

// also makes the next output a further result of the operation that give was
// told last: its kernel finds the tensor in With.More. A result that the node
// has no output for, or no name, is computed all the same.
func (n *Node) also(shape []int, of onnx.DataType) error {
	if err := sound(shape); err != nil {
		return err
	}
	n.Results = append(n.Results, Result{Also: true, Shape: shape, Type: of})
	return nil
}

// typed says that the elements of the output that was given last have another
// type than the first input of its operation.
func (n *Node) typed(t onnx.DataType, err error) error {
	if err == nil {
		n.Results[len(n.Results)-1].Type = t
	}
	return err
}

// holds is the type of the elements of input i.
func (n *Node) holds(i int) onnx.DataType {
	if c := n.In[i].Constant; c != nil {
		return c.Type
	}
	return n.In[i].Type
}

// Settle says what the node's outputs are, by its operator. frame says that one
// of the inputs depends on the frame.
func (n *Node) Settle(frame bool) error {
	switch o := Table[n.Op]; {
	case frame && o.Read != nil:
		return o.Read(n)
	case frame:
		return fmt.Errorf("an input depends on the frame: %w: constants are wanted", ErrUnsupported)
	case o.Fold != nil:
		return o.Fold(n)
	default:
		return n.fold(o)
	}
}

// each gives an operation on the one input, whose result has the same shape.
func (n *Node) each(o Operation) error {
	shape, err := n.only()
	if err != nil {
		return err
	}
	return n.give(o, shape, 0)
}

// same makes the next output another name of input i.
func (n *Node) same(i int) error {
	n.Results = append(n.Results, Result{From: []int{i}})
	return nil
}

// known makes the next output a constant.
func (n *Node) known(c *Constant) error {
	c.Name = n.Outputs[len(n.Results)]
	n.Results = append(n.Results, Result{Constant: c})
	return nil
}

// declared is the shape that the file notes for output i; nil where it does not.
func (n *Node) declared(i int) []int {
	if i >= len(n.Outputs) || n.Declared == nil {
		return nil
	}
	return n.Declared(n.Outputs[i])
}

// sound checks the shape of an activation.
func sound(shape []int) error {
	n := int64(1)
	for _, d := range shape {
		if d < 1 || int64(d) > MaxVolume/n {
			return fmt.Errorf("it gives the shape %d: %w: at least 1 in each dimension is wanted, and at most %d elements in all", shape, ErrUnsupported, MaxVolume)
		}
		n *= int64(d)
	}
	if len(shape) > MaxRank {
		return fmt.Errorf("it gives %d dimensions: %w: at most %d are", len(shape), ErrUnsupported, MaxRank)
	}
	return nil
}

// takes checks how many inputs the node has; the first least of them may not be
// left out.
func (n *Node) takes(least, most int) error {
	fits := len(n.In) >= least && len(n.In) <= most
	for i := 0; fits && i < least; i++ {
		fits = n.has(i)
	}
	if !fits {
		return fmt.Errorf("%w: %d inputs, want %d to %d", ErrMalformed, len(n.In), least, most)
	}
	return nil
}

// has says whether the node has input i.
func (n *Node) has(i int) bool { return i < len(n.Inputs) && n.Inputs[i] != "" }

// computed says whether input i is there, and no constant.
func (n *Node) computed(i int) bool { return n.has(i) && n.In[i].Constant == nil }

// activation gives the shape of input i, which has to depend on the frame.
func (n *Node) activation(i int) ([]int, error) {
	if n.In[i].Constant != nil {
		return nil, fmt.Errorf("input %d (%.80q) is a constant: %w: an activation is wanted", i, n.Inputs[i], ErrUnsupported)
	}
	return n.In[i].Shape, nil
}

// only gives the shape of the one input of a node.
func (n *Node) only() ([]int, error) {
	if err := n.takes(1, 1); err != nil {
		return nil, err
	}
	return n.activation(0)
}

// constant gives input i, which has to be one; nil if it is left out.
func (n *Node) constant(i int) (*Constant, error) {
	if !n.has(i) {
		return nil, nil
	}
	if c := n.In[i].Constant; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("input %d (%.80q) is an activation: %w: a constant is wanted", i, n.Inputs[i], ErrUnsupported)
}

// weights gives input i, which has to be float32 numbers in the file; nil if it
// is left out.
func (n *Node) weights(i int) (*Constant, error) {
	c, err := n.constant(i)
	if err != nil || c == nil {
		return nil, err
	}
	return c, c.weight()
}

// float gives input i, one number, or otherwise if it is left out.
func (n *Node) float(i int, otherwise float32) (float32, error) {
	c, err := n.constant(i)
	if err != nil || c == nil {
		return otherwise, err
	}
	if err := c.numeric(); err != nil {
		return 0, err
	}
	if c.volume() != 1 {
		return 0, fmt.Errorf("%w: input %d (%.80q) has the shape %d, want one number", ErrMalformed, i, n.Inputs[i], c.Dims)
	}
	if err := c.know(n.Budget); err != nil {
		return 0, err
	}
	v, err := c.floats()
	if err != nil {
		return 0, err
	}
	return v[0], nil
}

// ints gives the integers in input i, or in the attribute of that name that
// older versions have; nil if both are left out.
func (n *Node) ints(i int, attribute string) ([]int64, error) {
	c, err := n.constant(i)
	if err != nil {
		return nil, err
	}
	if c == nil {
		if a := n.Attribute(attribute); a != nil {
			return a.Ints, nil
		}
		return nil, nil
	}
	if !c.Type.Integer() {
		return nil, fmt.Errorf("%w: input %d (%.80q) holds %v, want integers", ErrMalformed, i, n.Inputs[i], c.Type)
	}
	if err := c.know(n.Budget); err != nil {
		return nil, err
	}
	return c.ints, nil
}

// word gives the string attribute of that name, or otherwise where the node has
// none.
func (n *Node) word(name, otherwise string) string {
	if a := n.Attribute(name); a != nil && a.String != "" {
		return a.String
	}
	return otherwise
}

// axis reads an axis, which counts from the end when it is negative.
func axis(a int64, rank int) (int, error) {
	at := a
	if at < 0 {
		at += int64(rank)
	}
	if at < 0 || at >= int64(rank) {
		return 0, fmt.Errorf("%w: axis %d of a tensor with %d dimensions", ErrMalformed, a, rank)
	}
	return int(at), nil
}

// axes reads a list of different axes, and marks them.
func axes(list []int64, rank int) ([]bool, error) {
	marked := make([]bool, rank)
	for _, a := range list {
		at, err := axis(a, rank)
		if err != nil {
			return nil, err
		}
		if marked[at] {
			return nil, fmt.Errorf("%w: axis %d is named twice", ErrMalformed, a)
		}
		marked[at] = true
	}
	return marked, nil
}
