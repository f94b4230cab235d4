package model

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"tandem/model/internal/onnx"
	"tandem/model/internal/op"
)

// If and Loop have graphs of their own. It is known when the network is opened what
// is computed: the nodes of the branch, or of both where the frame decides, and
// those of the body once for each of a constant number of rounds, under names of
// their own.
//
//	Loop "y" of three rounds:   y/0/… ──▶ y/1/… ──▶ y/2/… ──▶ y

// scope is what the tensors of the graph at hand are called in the network; the
// outermost one calls them as they are.
type scope struct {
	names  map[string]string
	prefix string
}

func (s scope) name(tensor string) string {
	if name, inside := s.names[tensor]; inside {
		return name
	}
	return tensor
}

// renamed is a node as the network has it.
func (s scope) renamed(n *onnx.Node) *onnx.Node {
	if s.names == nil {
		return n
	}
	as := *n
	as.Inputs, as.Outputs = make([]string, len(n.Inputs)), make([]string, len(n.Outputs))
	for i, in := range n.Inputs {
		as.Inputs[i] = s.name(in)
	}
	for i, out := range n.Outputs {
		if out != "" {
			s.names[out] = s.prefix + out
			as.Outputs[i] = s.prefix + out
		}
	}
	return &as
}

var errOuter = errors.New("a graph in a node is missing, or nested too deep")

// choose computes a branch of an If, or both where the frame decides.
func (imp *importer) choose(n *onnx.Node, outer scope) error {
	if len(n.Inputs) == 1 && imp.constants[n.Inputs[0]] == nil {
		return imp.chooseByFrame(n, outer)
	}
	holds, err := imp.number(n, 0, "its condition")
	if err != nil {
		return err
	}
	name := "else_branch"
	if holds != 0 {
		name = "then_branch"
	}
	given, err := imp.branch(n, name, outer, n.Outputs[0]+"/")
	if err != nil {
		return err
	}
	for i, out := range n.Outputs {
		if err := imp.call(out, given[i]); err != nil {
			return err
		}
	}
	return nil
}

// chooseByFrame computes both branches for each frame, and takes what is wanted of
// them: a cut may lie inside of them like anywhere else, and each frame takes the
// same time.
//
//	condition ────────┐
//	then_branch ──▶ Where ──▶ output
//	else_branch ──────┘
func (imp *importer) chooseByFrame(n *onnx.Node, outer scope) error {
	condition := n.Inputs[0]
	if v, made := imp.made[condition]; made && op.Volume(imp.net.values[v].dims) != 1 {
		return fmt.Errorf("%w: a condition of shape %v", ErrMalformed, imp.net.values[v].dims)
	}
	yes, err := imp.branch(n, "then_branch", outer, n.Outputs[0]+"/then/")
	if err != nil {
		return err
	}
	no, err := imp.branch(n, "else_branch", outer, n.Outputs[0]+"/else/")
	if err != nil {
		return err
	}
	for i, out := range n.Outputs {
		if out == "" {
			continue
		}
		if imp.lost([]string{yes[i], no[i]}) {
			imp.lose([]string{out})
			continue
		}
		a, err := imp.shapeOf(yes[i])
		if err != nil {
			return err
		}
		if b, err := imp.shapeOf(no[i]); err != nil {
			return err
		} else if !slices.Equal(a, b) {
			return fmt.Errorf("the frame decides between the shapes %v and %v: %w", a, b, ErrUnsupported)
		}
		imp.uses[condition]++
		if err := imp.node(&onnx.Node{Op: "Where", Inputs: []string{condition, yes[i], no[i]}, Outputs: []string{out}}); err != nil {
			return err
		}
	}
	return nil
}

func (imp *importer) shapeOf(name string) (shape []int, err error) {
	if c := imp.constants[name]; c != nil {
		for _, d := range c.Dims {
			shape = append(shape, int(d))
		}
		return shape, nil
	}
	v, made := imp.made[name]
	if !made {
		return nil, imp.missing(name)
	}
	return imp.net.values[v].dims, nil
}

// branch computes a branch of an If, and gives what its outputs are called.
func (imp *importer) branch(n *onnx.Node, name string, outer scope, prefix string) ([]string, error) {
	b := n.Attribute(name)
	if b == nil || b.Graph == nil || len(b.Graph.Outputs) < len(n.Outputs) {
		return nil, fmt.Errorf("%w: %w", errOuter, ErrUnsupported)
	}
	return imp.inline(b.Graph, outer, prefix, nil)
}

// repeat computes the body of a Loop again and again: the tensors that it hands
// from one round to the next, and those of each round that are put together.
func (imp *importer) repeat(n *onnx.Node, outer scope) error {
	body := n.Attribute("body")
	if body == nil || body.Graph == nil {
		return fmt.Errorf("%w: %w", errOuter, ErrUnsupported)
	}
	g, carried := body.Graph, len(n.Inputs)-2
	if carried < 0 || len(g.Inputs) != carried+2 || len(g.Outputs) < carried+1 || len(n.Outputs) > len(g.Outputs)-1 {
		return fmt.Errorf("%w: %d inputs and %d outputs with a body of %d and %d", ErrMalformed, len(n.Inputs), len(n.Outputs), len(g.Inputs), len(g.Outputs))
	}
	rounds, goes := float64(maxNodes), 1.0
	var err error
	if n.Inputs[0] != "" {
		if rounds, err = imp.number(n, 0, "its number of rounds"); err != nil {
			return err
		}
	}
	if n.Inputs[1] != "" {
		if goes, err = imp.number(n, 1, "its condition"); err != nil {
			return err
		}
	}
	state := n.Inputs[2:]
	parts := make([][]string, len(g.Outputs)-1-carried) // by output and round
	for i := 0; float64(i) < rounds && goes != 0; i++ {
		prefix := n.Outputs[0] + "/" + strconv.Itoa(i) + "/"
		imp.constants[prefix+"(round)"], imp.constants[prefix+"(goes)"] = op.Whole(int64(i)), op.Whole(1)
		inputs := map[string]string{g.Inputs[0].Name: prefix + "(round)", g.Inputs[1].Name: prefix + "(goes)"}
		for k, name := range state {
			inputs[g.Inputs[k+2].Name] = name
		}
		given, err := imp.inline(g, outer, prefix, inputs)
		if err != nil {
			return err
		}
		for k := range parts {
			parts[k] = append(parts[k], given[1+carried+k])
		}
		state = given[1 : 1+carried]
		c := imp.constants[given[0]]
		if c == nil {
			return fmt.Errorf("whether it goes on depends on the frame: %w", ErrUnsupported)
		}
		if goes, err = c.Number(&imp.budget); err != nil {
			return err
		}
	}
	for i, out := range n.Outputs {
		switch {
		case out == "":
		case i < carried:
			err = imp.call(out, state[i])
		default:
			err = imp.stack(out, parts[i-carried])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// inline computes a graph under names that begin with prefix, and gives those of
// its outputs. inputs is what its inputs are called.
func (imp *importer) inline(g *onnx.Graph, outer scope, prefix string, inputs map[string]string) ([]string, error) {
	nodes := needed(g)
	if imp.left -= 1 + len(nodes) + len(outer.names)/8; imp.left < 0 { // a round without nodes costs something, too
		return nil, fmt.Errorf("with its graphs it has more than %d nodes: %w", maxNodes, ErrUnsupported)
	}
	inner := scope{map[string]string{}, prefix}
	maps.Copy(inner.names, outer.names)
	maps.Copy(inner.names, inputs)
	for i := range g.Initializers {
		t := &g.Initializers[i]
		inner.names[t.Name] = prefix + t.Name
		if err := imp.define(prefix + t.Name); err != nil {
			return nil, err
		}
		c, err := op.Hold(prefix+t.Name, t, &imp.budget)
		if err != nil {
			return nil, err
		}
		imp.constants[prefix+t.Name] = c
	}
	if err := imp.nodes(nodes, inner); err != nil {
		return nil, err
	}
	given := make([]string, len(g.Outputs))
	for i, out := range g.Outputs {
		given[i] = inner.name(out.Name)
		imp.uses[given[i]]++
	}
	return given, nil
}

// call gives a tensor another name.
func (imp *importer) call(name, tensor string) error {
	if name == "" {
		return nil
	}
	imp.uses[tensor]++
	return imp.node(&onnx.Node{Op: "Identity", Inputs: []string{tensor}, Outputs: []string{name}})
}

// stack puts tensors together along a new first dimension.
func (imp *importer) stack(name string, parts []string) error {
	if len(parts) == 0 {
		return fmt.Errorf("output %.80q: %w: it is empty, after no round", name, ErrUnsupported)
	}
	zero := onnx.Attribute{Name: "axis", Type: onnx.AttributeInt}
	imp.constants[name+"/first"] = op.Whole(0, 1)
	joined := make([]string, len(parts))
	for i, part := range parts {
		joined[i] = name + "/" + strconv.Itoa(i)
		attributes := []onnx.Attribute{{Name: "axes", Type: onnx.AttributeInts, Ints: []int64{0}}}
		in := []string{part}
		if imp.at.Opset >= 13 { // since then an input says so
			attributes, in = nil, append(in, name+"/first")
		}
		if err := imp.node(&onnx.Node{Op: "Unsqueeze", Inputs: in, Outputs: joined[i : i+1], Attributes: attributes}); err != nil {
			return err
		}
		imp.uses[joined[i]]++
	}
	return imp.node(&onnx.Node{Op: "Concat", Inputs: joined, Outputs: []string{name}, Attributes: []onnx.Attribute{zero}})
}

// number is input i of a node, which has to be one that is known.
func (imp *importer) number(n *onnx.Node, i int, about string) (float64, error) {
	if i >= len(n.Inputs) {
		return 0, fmt.Errorf("%w: %s is missing", ErrMalformed, about)
	}
	c := imp.constants[n.Inputs[i]]
	if c == nil {
		return 0, fmt.Errorf("%s depends on the frame: %w: a constant is wanted", about, ErrUnsupported)
	}
	return c.Number(&imp.budget)
}
