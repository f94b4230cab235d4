package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem/model/internal/onnx"
)

// supported refuses operators that are not in the table, all of them at once
// with the nodes that use them.
func supported(nodes []onnx.Node) error {
	const most = 8 // nodes named for each operator
	type use struct {
		nodes []string
		more  int
	}
	uses := map[string]*use{}
	for i := range nodes {
		n := &nodes[i]
		if operators[n.Op] != nil && n.Domain == "" {
			continue
		}
		op := clip(n.Op)
		if n.Domain != "" {
			op = clip(n.Domain) + "." + op
		}
		u := uses[op]
		if u == nil {
			u = new(use)
			uses[op] = u
		}
		if len(u.nodes) < most {
			u.nodes = append(u.nodes, nodeName(n))
		} else {
			u.more++
		}
	}
	if len(uses) == 0 {
		return nil
	}
	var unknown []string
	for _, op := range slices.Sorted(maps.Keys(uses)) {
		u := uses[op]
		where := strings.Join(u.nodes, ", ")
		if u.more > 0 {
			where += fmt.Sprintf(" and %d more", u.more)
		}
		unknown = append(unknown, fmt.Sprintf("%s (in %s)", op, where))
	}
	have := strings.Join(slices.Sorted(maps.Keys(operators)), ", ")
	return fmt.Errorf("operators %w: %s; supported are %s", ErrUnsupported, strings.Join(unknown, ", "), have)
}

// clip makes a name from a file fit for an error.
func clip(s string) string {
	const most = 80
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ToValidUTF8(s, "?")
}

// nodeName is how a user finds the node: by name, or by what it gives.
func nodeName(n *onnx.Node) string {
	switch {
	case n.Name != "":
		return fmt.Sprintf("%q", clip(n.Name))
	case len(n.Outputs) > 0:
		return fmt.Sprintf("the node giving %q", clip(n.Outputs[0]))
	}
	return "a node without a name"
}

func label(n *onnx.Node) string { return fmt.Sprintf("%s %s", n.Op, nodeName(n)) }

// define refuses a name that is there already: every tensor is made once.
func (imp *importer) define(name string) error {
	_, made := imp.made[name]
	_, lost := imp.gone[name]
	if name == "" || made || lost || imp.constants[name] != nil {
		return fmt.Errorf("%w: tensor %.80q has no name or is defined twice", ErrMalformed, name)
	}
	return nil
}

// outputs checks that the node gives one tensor, whose name is new; others must
// have no user.
func (imp *importer) outputs(n *onnx.Node) error {
	if len(n.Outputs) < 1 {
		return fmt.Errorf("%w: it has no output", ErrMalformed)
	}
	for _, out := range n.Outputs[1:] {
		if imp.uses[out] > 0 && out != "" {
			return fmt.Errorf("output %.80q: %w: only its first output is", out, ErrUnsupported)
		}
	}
	return imp.define(n.Outputs[0])
}

// takes checks how many inputs a node has, and its outputs.
func (imp *importer) takes(n *onnx.Node, least, most int) error {
	if len(n.Inputs) < least || len(n.Inputs) > most || slices.Contains(n.Inputs[:least], "") {
		return fmt.Errorf("%w: %d inputs, want %d to %d", ErrMalformed, len(n.Inputs), least, most)
	}
	return imp.outputs(n)
}

// activation gives the value that input i of the node is, and its shape.
func (imp *importer) activation(n *onnx.Node, i int) (int, []int, error) {
	name := n.Inputs[i]
	if imp.constants[name] != nil {
		return 0, nil, fmt.Errorf("input %d (%.80q) is a constant: %w: an activation is wanted", i, name, ErrUnsupported)
	}
	v, ok := imp.made[name]
	if !ok {
		return 0, nil, imp.missing(name)
	}
	return v, imp.dims[v], nil
}

// has says whether the node has input i.
func has(n *onnx.Node, i int) bool { return i < len(n.Inputs) && n.Inputs[i] != "" }

// constant gives input i of the node, which has to be one; nil if it is left
// out.
func (imp *importer) constant(n *onnx.Node, i int) (*constant, error) {
	if !has(n, i) {
		return nil, nil
	}
	name := n.Inputs[i]
	if c := imp.constants[name]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("input %d (%.80q) is an activation: %w: a constant is wanted", i, name, ErrUnsupported)
}

// floats gives input i of the node, which has to be weights; nil if it is left
// out.
func (imp *importer) floats(n *onnx.Node, i int) (*constant, error) {
	c, err := imp.constant(n, i)
	if err != nil || c == nil {
		return nil, err
	}
	return c, c.weight()
}

// float gives input i of the node, one number, or otherwise if it is left out.
func (imp *importer) float(n *onnx.Node, i int, otherwise float32) (float32, error) {
	c, err := imp.floats(n, i)
	if err != nil || c == nil {
		return otherwise, err
	}
	if c.volume() != 1 {
		return 0, fmt.Errorf("%w: input %d (%.80q) has the shape %d, want one number", ErrMalformed, i, n.Inputs[i], c.dims)
	}
	if err := imp.know(c); err != nil {
		return 0, err
	}
	return c.reals[0], nil
}

// ints gives the integers in input i of the node, or in the attribute of that
// name that older versions have; nil if both are left out.
func (imp *importer) ints(n *onnx.Node, i int, attribute string) ([]int64, error) {
	c, err := imp.constant(n, i)
	if err != nil {
		return nil, err
	}
	if c == nil {
		if a := n.Attribute(attribute); a != nil {
			return a.Ints, nil
		}
		return nil, nil
	}
	if !c.integer {
		return nil, fmt.Errorf("%w: input %d (%.80q) holds float32, want integers", ErrMalformed, i, n.Inputs[i])
	}
	return c.ints, nil
}

func (imp *importer) missing(name string) error {
	return fmt.Errorf("%w: tensor %.80q is given by no input, initializer or earlier node (it is missing, or the graph has a cycle)",
		ErrMalformed, name)
}

// value makes a new value.
func (imp *importer) value(name string, dims []int) int {
	v := len(imp.net.values)
	shape := dims
	if len(dims) > 1 && dims[0] == 1 {
		shape = dims[1:]
	}
	imp.net.values = append(imp.net.values, value{[]string{name}, shape})
	imp.dims = append(imp.dims, dims)
	imp.made[name] = v
	return v
}

// give makes the node's output a value of that shape, computed by o.
func (imp *importer) give(n *onnx.Node, o operation, dims []int, in ...int) error {
	return imp.giveTo(n, 0, o, dims, in...)
}

func (imp *importer) giveTo(n *onnx.Node, output int, o operation, dims []int, in ...int) error {
	if err := sound(dims); err != nil {
		return err
	}
	v := imp.value(n.Outputs[output], dims)
	imp.maker[v] = len(imp.net.nodes)
	imp.net.nodes = append(imp.net.nodes, node{o, in, v})
	for _, name := range n.Inputs {
		if c := imp.constants[name]; c != nil && !c.integer {
			imp.gone[name] = gone{v, "it is a weight"}
		}
	}
	return nil
}

// sound checks the shape of a value.
func sound(dims []int) error {
	n := int64(1)
	for _, d := range dims {
		if d < 1 || int64(d) > maxVolume/n {
			return fmt.Errorf("%w: it gives the shape %d: at least 1 in each dimension is wanted, and at most %d elements in all", ErrMalformed, dims, maxVolume)
		}
		n *= int64(d)
	}
	if len(dims) > maxRank {
		return fmt.Errorf("it gives %d dimensions: %w: at most %d are", len(dims), ErrUnsupported, maxRank)
	}
	return nil
}

// alias gives value v the name of the node's output as well.
func (imp *importer) alias(n *onnx.Node, v int) error {
	name := n.Outputs[0]
	imp.made[name] = v
	imp.net.values[v].names = append(imp.net.values[v].names, name)
	return nil
}

// absorb lets the operation that makes v do what the node does: v becomes the
// node's output.
func (imp *importer) absorb(n *onnx.Node, v int, by string) error {
	for _, name := range imp.net.values[v].names {
		delete(imp.made, name)
		imp.gone[name] = gone{v, fmt.Sprintf("the %s behind it is done with it", by)}
	}
	for _, name := range n.Inputs {
		if c := imp.constants[name]; c != nil {
			imp.gone[name] = gone{v, "it is a weight"}
		}
	}
	imp.net.values[v].names = nil
	return imp.alias(n, v)
}

// sole says whether the node is the only one that uses value v, which it has by
// this name.
func (imp *importer) sole(v int, name string) bool {
	return len(imp.net.values[v].names) == 1 && imp.uses[name] == 1
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
