package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem/model/internal/onnx"
)

// known refuses operators that are not in the table, all of them at once with
// the nodes that use them.
func known(nodes []onnx.Node) error {
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
	if name == "" || made || imp.constants[name] != nil {
		return fmt.Errorf("%w: tensor %.80q has no name or is defined twice", ErrMalformed, name)
	}
	return nil
}

// counts checks how many inputs a node has, and that it gives one tensor, whose
// name is new.
func (imp *importer) counts(n *onnx.Node, least, most int) error {
	if len(n.Inputs) < least || len(n.Inputs) > most {
		return fmt.Errorf("%w: %d inputs, want %d to %d", ErrMalformed, len(n.Inputs), least, most)
	}
	if len(n.Outputs) != 1 {
		return fmt.Errorf("%w: %d outputs, want 1", ErrMalformed, len(n.Outputs))
	}
	return imp.define(n.Outputs[0])
}

// activation checks that input i of the node is the current activation, and
// gives its shape.
func (imp *importer) activation(n *onnx.Node, i int) ([]int, error) {
	name := n.Inputs[i]
	if imp.constants[name] != nil {
		return nil, fmt.Errorf("input %d (%.80q) is a constant: %w: an activation is wanted", i, name, ErrUnsupported)
	}
	serial, ok := imp.made[name]
	if !ok {
		return nil, imp.missing(name)
	}
	if serial != imp.current {
		return nil, fmt.Errorf("tensor %.80q is used by %s as well: %w: a network with branches", name, label(imp.users[serial]), ErrUnsupported)
	}
	return imp.net.Shape(imp.net.Len()), nil
}

// floats checks that input i of the node is a constant of float32 numbers in
// this file, at most so many, and gives it.
func (imp *importer) floats(n *onnx.Node, i int) (*onnx.Tensor, error) {
	name := n.Inputs[i]
	t := imp.constants[name]
	switch _, made := imp.made[name]; {
	case made:
		return nil, fmt.Errorf("input %d (%.80q) is an activation: %w: a constant is wanted (no branches yet)", i, name, ErrUnsupported)
	case t == nil:
		return nil, imp.missing(name)
	case t.Type != onnx.Float32:
		return nil, fmt.Errorf("weights %.80q hold %v: %w: export as float32", name, t.Type, ErrUnsupported)
	case t.External != nil:
		return nil, fmt.Errorf("weights %.80q are in the file %.80q: %w: export with the weights in one file (external_data=False)",
			name, t.External.Location, ErrUnsupported)
	case t.Len() < 1 || t.Len() > maxElements:
		return nil, fmt.Errorf("%w: weights %.80q of shape %d: want 1 to %d elements", ErrMalformed, name, t.Dims, maxElements)
	}
	imp.net.elsewhere[name] = imp.net.Len()
	return t, nil
}

func (imp *importer) missing(name string) error {
	return fmt.Errorf("%w: tensor %.80q is given by no input, initializer or earlier node (it is missing, or the graph has a cycle)",
		ErrMalformed, name)
}

// grow appends a layer that takes the current activation; the node gives the
// next one.
func (imp *importer) grow(n *onnx.Node, r recipe) error {
	imp.net.steps = append(imp.net.steps, step{recipe: r})
	return imp.give(n, r)
}

// give makes the node's output the current activation, given by the last layer.
func (imp *importer) give(n *onnx.Node, r recipe) error {
	imp.users[imp.current] = n
	imp.users = append(imp.users, nil)
	imp.current++
	name := n.Outputs[0]
	imp.made[name] = imp.current
	imp.net.steps[imp.net.Len()-1] = step{r, activation{[]string{name}, r.shape()}}
	return nil
}
