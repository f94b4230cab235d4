package model

import (
	"fmt"

	"tandem/model/internal/onnx"
)

// Limits on what a file may ask for, far above the networks a Pi can run.
const (
	maxElements = 1 << 28 // numbers in a weight matrix: 1 GiB
	maxVolume   = 1 << 24 // numbers in an activation: 64 MiB
	minOpset    = 9
	maxOpset    = 24
)

// operators build a layer each, or a part of one. A new operator is one entry
// and one function.
var operators = map[string]func(*importer, *onnx.Node) error{
	"Add":      (*importer).add,
	"Constant": (*importer).constant,
	"Flatten":  (*importer).flatten,
	"Gemm":     (*importer).gemm,
	"Identity": (*importer).identity,
	"MatMul":   (*importer).matMul,
	"Relu":     (*importer).relu,
	"Softmax":  (*importer).softmax,
}

// importer turns a graph into a chain of layers, one node after another. Nodes
// are in an order in which they can be computed, so at each of them
//
//	constants ──▶ ┌──────┐
//	              │ node │──▶ the current activation from now on
//	current   ──▶ └──────┘
//
// and an activation that is asked for when it is not the current one any more
// is a branch.
type importer struct {
	net       *Network
	opset     int64
	batched   bool // the file's activations have a batch dimension in front
	constants map[string]*onnx.Tensor
	made      map[string]int // activations by name: a serial number
	current   int            // the serial number of the one alive
	users     []*onnx.Node   // the node that used up each serial number
}

// build makes the network that m describes, from a file of so many bytes.
func build(name string, m *onnx.Model, size int64) (*Network, error) {
	imp := &importer{
		net:       &Network{name: name, elsewhere: map[string]int{}},
		opset:     m.Opsets[""],
		constants: map[string]*onnx.Tensor{},
		made:      map[string]int{},
	}
	if imp.opset < minOpset || imp.opset > maxOpset {
		return nil, fmt.Errorf("operators of version %d: %w: export with opset_version=17; %d to %d are read",
			imp.opset, ErrUnsupported, minOpset, maxOpset)
	}
	if err := known(m.Graph.Nodes); err != nil {
		return nil, err
	}
	for i := range m.Graph.Initializers {
		t := &m.Graph.Initializers[i]
		if err := imp.define(t.Name); err != nil {
			return nil, err
		}
		imp.constants[t.Name] = t
	}
	if err := imp.input(m.Graph.Inputs); err != nil {
		return nil, err
	}
	for i := range m.Graph.Nodes {
		node := &m.Graph.Nodes[i]
		if err := operators[node.Op](imp, node); err != nil {
			return nil, fmt.Errorf("%s: %w", label(node), err)
		}
	}
	if err := imp.output(m.Graph.Outputs); err != nil {
		return nil, err
	}
	return imp.net, imp.affordable(size)
}

// input takes the one input that is not a constant.
func (imp *importer) input(values []onnx.Value) error {
	found := false
	for _, v := range values {
		if imp.constants[v.Name] != nil {
			continue
		}
		if found {
			return fmt.Errorf("inputs %.80q and %.80q: %w: one is wanted", imp.net.input.names[0], v.Name, ErrUnsupported)
		}
		found = true
		if v.Type != onnx.Float32 {
			return fmt.Errorf("input %.80q holds %v: %w: float32 is wanted", v.Name, v.Type, ErrUnsupported)
		}
		shape, batched, err := frameShape(v.Dims)
		if err != nil {
			return fmt.Errorf("input %.80q: %w", v.Name, err)
		}
		if err := imp.define(v.Name); err != nil {
			return err
		}
		imp.batched = batched
		imp.made[v.Name] = 0
		imp.users = []*onnx.Node{nil}
		imp.net.input = activation{[]string{v.Name}, shape}
	}
	if !found {
		return fmt.Errorf("%w: the graph has no input", ErrMalformed)
	}
	return nil
}

// frameShape is the shape of one frame, and whether dims has a batch dimension
// before it: of size 1, or left open.
func frameShape(dims []onnx.Dim) (shape []int, batched bool, err error) {
	if batched = len(dims) > 1; batched {
		if b := dims[0]; b.Size > 1 || b.Size == 0 {
			return nil, false, fmt.Errorf("batch of %d: %w: export with a batch of 1 or a symbolic one", b.Size, ErrUnsupported)
		}
		dims = dims[1:]
	}
	if len(dims) == 0 {
		return nil, false, fmt.Errorf("%w: it has no shape: export with fixed sizes", ErrUnsupported)
	}
	n := int64(1)
	for _, d := range dims {
		if d.Size == -1 {
			return nil, false, fmt.Errorf("open dimension %.80q: %w: only the batch may be open: export with fixed sizes", d.Symbol, ErrUnsupported)
		}
		if d.Size < 1 || d.Size > maxVolume/n {
			return nil, false, fmt.Errorf("%w: dimension %d: 1 or more is wanted, and at most %d elements in all", ErrMalformed, d.Size, maxVolume)
		}
		n *= d.Size
		shape = append(shape, int(d.Size))
	}
	return shape, batched, nil
}

// output checks that the graph gives what the last layer does, and names it so.
func (imp *importer) output(values []onnx.Value) error {
	if len(values) != 1 {
		return fmt.Errorf("%d outputs: %w: one is wanted", len(values), ErrUnsupported)
	}
	name := values[0].Name
	serial, ok := imp.made[name]
	switch {
	case !ok:
		return fmt.Errorf("%w: no node makes the output %.80q from the input", ErrMalformed, name)
	case imp.net.Len() == 0:
		return fmt.Errorf("%w: the graph has no layer", ErrUnsupported)
	case serial != imp.current:
		return fmt.Errorf("output %.80q is used by %s: %w: a network with branches", name, label(imp.users[serial]), ErrUnsupported)
	}
	last := &imp.net.steps[imp.net.Len()-1].output
	for i, n := range last.names {
		if n == name {
			last.names[0], last.names[i] = last.names[i], last.names[0]
		}
	}
	return nil
}

// affordable refuses a file whose layers, by sharing weights, take much more
// memory than the file has bytes.
func (imp *importer) affordable(size int64) error {
	var total int64
	for _, s := range imp.net.steps {
		if total += s.recipe.bytes(); total > 4*size {
			return fmt.Errorf("%w: its layers take more than four times its %d bytes", ErrMalformed, size)
		}
	}
	return nil
}
