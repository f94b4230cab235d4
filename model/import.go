package model

import (
	"cmp"
	"fmt"

	"tandem/model/internal/onnx"
	"tandem/model/internal/op"
)

// What files may ask for.
const (
	maxNodes   = 1 << 14
	maxOutputs = 256
	minOpset   = 1
	maxOpset   = 25
)

// importer turns a graph into a network, node after node. Nodes are in an order
// in which they can be computed, so at each of them all inputs are there: either
// constants, or values whose shape is settled. Package op knows what a node
// means; the importer knows names, and who uses what.
type importer struct {
	net       *Network
	made      map[string]int // values by name
	maker     map[int]int    // the node that gives a value
	constants map[string]*op.Constant
	uses      map[string]int // how often a tensor is used, by nodes and as output
	gone      map[string]gone
	budget    op.Budget       // bytes that may still be allocated for constants
	left      int             // nodes that graphs inside of nodes may have
	at        op.Node         // the node at hand
	reasons   reasons         // why it can't be computed
	unknown   map[string]bool // tensors of which nothing is known for such a reason
}

// gone is a tensor that is no value of its own.
type gone struct {
	value  int // to whose node it belongs
	reason string
}

// build makes the network that m describes, from a file of so many bytes.
func build(name string, m *onnx.Model, size int64, s Settings) (*Network, error) {
	imp := &importer{
		net:       &Network{name: name, elsewhere: map[string]why{}},
		made:      map[string]int{},
		maker:     map[int]int{},
		constants: map[string]*op.Constant{},
		uses:      map[string]int{},
		gone:      map[string]gone{},
		unknown:   map[string]bool{},
		left:      maxNodes,
		budget:    op.Budget(size) + op.Budget(cmp.Or(s.Constants, DefaultConstants)),
	}
	imp.at = op.Node{Opset: m.Opsets[""], Budget: &imp.budget, Declared: m.Graph.Declared}
	if imp.at.Opset < minOpset || imp.at.Opset > maxOpset {
		return nil, fmt.Errorf("operators of version %d: %w: export with opset_version=17; %d to %d are read",
			imp.at.Opset, ErrUnsupported, minOpset, maxOpset)
	}
	g := &m.Graph
	nodes := needed(g)
	if len(nodes) > maxNodes {
		return nil, fmt.Errorf("%d nodes: %w: at most %d are", len(nodes), ErrUnsupported, maxNodes)
	}
	imp.count(nodes, g.Outputs)
	for i := range g.Initializers {
		t := &g.Initializers[i]
		if err := imp.define(t.Name); err != nil {
			return nil, err
		}
		if imp.uses[t.Name] == 0 {
			imp.constants[t.Name] = &op.Constant{Name: t.Name}
			continue
		}
		c, err := op.Hold(t.Name, t, &imp.budget)
		if err != nil {
			return nil, err
		}
		imp.constants[t.Name] = c
	}
	if err := imp.inputs(g.Inputs, s); err != nil {
		return nil, err
	}
	inputs := len(imp.net.values)
	if err := imp.nodes(nodes, scope{}); err != nil {
		return nil, err
	}
	if len(imp.reasons) > 0 {
		return nil, imp.reasons
	}
	outputs, err := imp.outputs(g.Outputs, inputs)
	if err != nil {
		return nil, err
	}
	if err := imp.finish(inputs, outputs, size); err != nil {
		return nil, err
	}
	if err := imp.affordable(size, int64(cmp.Or(s.Constants, DefaultConstants))); err != nil {
		return nil, err
	}
	imp.net.spend(int64(cmp.Or(s.Winograd, DefaultWinograd)))
	return imp.net, nil
}

func (imp *importer) count(nodes []*onnx.Node, outputs []onnx.Value) {
	for _, n := range nodes {
		uses(n, func(name string) { imp.uses[name]++ })
	}
	for _, out := range outputs {
		imp.uses[out.Name]++
	}
}

// nodes adds what the nodes of a graph give. What is not supported is noted, and
// what depends on it left out.
func (imp *importer) nodes(nodes []*onnx.Node, in scope) error {
	if err := imp.refuse(supported(nodes)); err != nil {
		return err
	}
	for _, n := range nodes {
		n = in.renamed(n)
		if in.names != nil {
			for _, name := range n.Inputs {
				imp.uses[name]++
			}
		}
		if imp.lost(n.Inputs) || !known(n) {
			imp.lose(n.Outputs)
			continue
		}
		var err error
		switch {
		case len(n.Outputs) == 0:
			err = fmt.Errorf("%w: it has no output", ErrMalformed)
		case n.Op == "If":
			err = imp.choose(n, in)
		case n.Op == "Loop":
			err = imp.repeat(n, in)
		default:
			err = imp.node(n)
		}
		if err == nil {
			continue
		}
		if err := imp.refuse(fmt.Errorf("%s: %w", label(n), err), n.Outputs...); err != nil {
			return err
		}
	}
	return nil
}

// node adds what one node gives: values that are computed for every frame, or
// constants, which are computed now.
func (imp *importer) node(n *onnx.Node) error {
	frame, err := imp.settle(n)
	if err != nil {
		return err
	}
	if err := imp.at.Settle(frame); err != nil {
		return err
	}
	for i, r := range imp.at.Results {
		name := ""
		if i < len(n.Outputs) {
			name = n.Outputs[i]
		}
		if name == "" && r.Operation == nil && !r.Also {
			continue
		}
		if err := imp.define(name); err != nil && name != "" {
			return err
		}
		imp.result(n, name, r)
	}
	for _, out := range n.Outputs[min(len(imp.at.Results), len(n.Outputs)):] {
		if imp.uses[out] > 0 && out != "" {
			return fmt.Errorf("output %.80q: %w: it is not among those that are computed", out, ErrUnsupported)
		}
	}
	return nil
}

// settle puts the node at hand, with its inputs, and says whether one of them
// depends on the frame.
func (imp *importer) settle(n *onnx.Node) (frame bool, err error) {
	imp.at.Node, imp.at.In, imp.at.Results = n, imp.at.In[:0], imp.at.Results[:0]
	for _, name := range n.Inputs {
		in := op.Input{Constant: imp.constants[name]}
		if name != "" && in.Constant == nil {
			v, made := imp.made[name]
			if !made {
				return false, imp.missing(name)
			}
			in.Shape, in.Type, frame = imp.net.values[v].dims, imp.net.values[v].holds, true
		}
		imp.at.In = append(imp.at.In, in)
	}
	return frame, nil
}

// result makes an output of the node what the operator says.
func (imp *importer) result(n *onnx.Node, name string, r op.Result) {
	if r.Constant != nil {
		imp.constants[name] = r.Constant
		return
	}
	if r.Also {
		last := &imp.net.nodes[len(imp.net.nodes)-1]
		last.out = append(last.out, imp.value(name, r.Shape, r.Type))
		return
	}
	in := make([]int, len(r.From))
	for i, k := range r.From {
		in[i] = imp.made[n.Inputs[k]]
	}
	switch {
	case r.Operation == nil:
		imp.alias(in[0], name)
		return
	case imp.absorb(n, name, r):
		return
	}
	v := imp.value(name, r.Shape, r.Type)
	imp.maker[v] = len(imp.net.nodes)
	imp.net.nodes = append(imp.net.nodes, node{r.Operation, in, []int{v}})
	for _, in := range n.Inputs {
		if c := imp.constants[in]; c != nil && !c.Type.Integer() {
			imp.gone[in] = gone{v, "it is a weight"}
		}
	}
}

// define refuses a name that is there already: every tensor is made once.
func (imp *importer) define(name string) error {
	_, made := imp.made[name]
	_, lost := imp.gone[name]
	if name == "" || made || lost || imp.constants[name] != nil {
		return fmt.Errorf("%w: tensor %.80q has no name or is defined twice", ErrMalformed, name)
	}
	return nil
}

func (imp *importer) missing(name string) error {
	return fmt.Errorf("%w: tensor %.80q is given by no input, initializer or earlier node (it is missing, or the graph has a cycle)",
		ErrMalformed, name)
}

// value makes a new value; without a name it is one that nobody uses.
func (imp *importer) value(name string, dims []int, holds onnx.DataType) int {
	v := len(imp.net.values)
	imp.net.values = append(imp.net.values, value{dims: dims, holds: holds})
	if name != "" {
		imp.alias(v, name)
	}
	return v
}

// alias gives value v another name.
func (imp *importer) alias(v int, name string) {
	imp.made[name] = v
	imp.net.values[v].names = append(imp.net.values[v].names, name)
}

// finish puts the nodes into an order, and finds out where the network can be
// cut.
func (imp *importer) finish(inputs int, outputs []int, size int64) error {
	net := imp.net
	imp.fuse(outputs)
	number := net.arrange(inputs, outputs)
	for i, v := range outputs {
		outputs[i] = number[v]
	}
	maker := make([]int, len(net.values)) // the layer
	for l, node := range net.nodes {
		for _, v := range node.out {
			maker[v] = l
		}
	}
	for name, g := range imp.gone {
		if v := number[g.value]; v >= 0 {
			net.elsewhere[name] = why{maker[v], g.reason}
		}
	}
	return net.follow(inputs, outputs, int(size/32)+1<<15)
}

// affordable refuses a file whose layers, by sharing weights or by what they
// keep beside them, take much more memory than the file has bytes.
func (imp *importer) affordable(size, spare int64) error {
	var total int64
	for _, node := range imp.net.nodes {
		if total += node.Bytes(); total > 4*size+spare {
			return fmt.Errorf("its layers take more than four times its %d bytes and %d MB: %w (--constants allows more)", size, spare>>20, ErrUnsupported)
		}
	}
	return nil
}
