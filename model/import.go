package model

import (
	"fmt"
	"slices"

	"tandem/model/internal/onnx"
)

// Limits on what a file may ask for, far above the networks a Pi can run.
const (
	maxElements = 1 << 28 // numbers in a weight matrix: 1 GiB
	maxVolume   = 1 << 24 // numbers in an activation: 64 MiB
	maxRank     = 8       // dimensions of an activation
	maxNodes    = 1 << 14
	minOpset    = 9
	maxOpset    = 25
)

// importer turns a graph into a network, node after node. Nodes are in an order
// in which they can be computed, so at each of them all inputs are there: either
// constants, or values whose shape is settled. Here shapes have the batch
// dimension, which is 1: the network is what happens to one frame.
type importer struct {
	net       *Network
	opset     int64
	dims      [][]int // of each value
	made      map[string]int
	maker     map[int]int // the node that gives a value
	constants map[string]*constant
	uses      map[string]int // how often a tensor is used, by nodes and as output
	gone      map[string]gone
	budget    int64 // bytes that may still be allocated for constants
}

// gone is a tensor that is no value of its own.
type gone struct {
	value  int // to whose node it belongs
	reason string
}

// build makes the network that m describes, from a file of so many bytes.
func build(name string, m *onnx.Model, size int64) (*Network, error) {
	imp := &importer{
		net:       &Network{name: name, elsewhere: map[string]why{}},
		opset:     m.Opsets[""],
		made:      map[string]int{},
		maker:     map[int]int{},
		constants: map[string]*constant{},
		uses:      map[string]int{},
		gone:      map[string]gone{},
		budget:    size + 1<<20,
	}
	if imp.opset < minOpset || imp.opset > maxOpset {
		return nil, fmt.Errorf("operators of version %d: %w: export with opset_version=17; %d to %d are read",
			imp.opset, ErrUnsupported, minOpset, maxOpset)
	}
	g := &m.Graph
	if len(g.Nodes) > maxNodes {
		return nil, fmt.Errorf("%d nodes: %w: at most %d are", len(g.Nodes), ErrUnsupported, maxNodes)
	}
	if err := supported(g.Nodes); err != nil {
		return nil, err
	}
	imp.count(g)
	for i := range g.Initializers {
		t := &g.Initializers[i]
		if err := imp.define(t.Name); err != nil {
			return nil, err
		}
		if imp.uses[t.Name] == 0 {
			imp.constants[t.Name] = &constant{name: t.Name}
			continue
		}
		c, err := imp.hold(t.Name, t)
		if err != nil {
			return nil, err
		}
		imp.constants[t.Name] = c
	}
	if err := imp.input(g.Inputs); err != nil {
		return nil, err
	}
	for i := range g.Nodes {
		if err := imp.node(&g.Nodes[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", label(&g.Nodes[i]), err)
		}
	}
	output, err := imp.output(g.Outputs)
	if err != nil {
		return nil, err
	}
	imp.finish(output)
	if imp.net.Len() == 0 {
		return nil, fmt.Errorf("%w: the graph has no layer", ErrUnsupported)
	}
	return imp.net, imp.affordable(size)
}

func (imp *importer) count(g *onnx.Graph) {
	for i := range g.Nodes {
		for _, in := range g.Nodes[i].Inputs {
			imp.uses[in]++
		}
	}
	for _, out := range g.Outputs {
		imp.uses[out.Name]++
	}
}

// node adds what one node computes: now, if it depends on constants only, or for
// every frame.
func (imp *importer) node(n *onnx.Node) error {
	var inputs []*constant
	activations := 0
	for _, in := range n.Inputs {
		if in == "" {
			inputs = append(inputs, nil)
			continue
		}
		c, value := imp.constants[in], false
		if c == nil {
			if _, value = imp.made[in]; !value {
				return imp.missing(in)
			}
			activations++
		}
		inputs = append(inputs, c)
	}
	if activations > 0 || n.Op == "Constant" {
		return operators[n.Op](imp, n)
	}
	if len(inputs) == 0 || inputs[0] == nil {
		return fmt.Errorf("%w: its first input is missing", ErrMalformed)
	}
	fold := folds[n.Op]
	if fold == nil {
		return fmt.Errorf("all its inputs are constants: %w: fold constants when exporting (onnxsim does it)", ErrUnsupported)
	}
	if err := imp.outputs(n); err != nil {
		return err
	}
	c, err := fold(imp, n, inputs)
	if err != nil {
		return err
	}
	c.name = n.Outputs[0]
	imp.constants[c.name] = c
	return nil
}

// input takes the one input that is not a constant.
func (imp *importer) input(values []onnx.Value) error {
	var found *onnx.Value
	for i := range values {
		v := &values[i]
		if imp.constants[v.Name] != nil {
			continue
		}
		if found != nil {
			return fmt.Errorf("inputs %.80q and %.80q: %w: one is wanted", found.Name, v.Name, ErrUnsupported)
		}
		found = v
	}
	if found == nil {
		return fmt.Errorf("%w: the graph has no input", ErrMalformed)
	}
	if found.Type != onnx.Float32 {
		return fmt.Errorf("input %.80q holds %v: %w: float32 is wanted", found.Name, found.Type, ErrUnsupported)
	}
	dims, err := inputDims(found.Dims)
	if err != nil {
		return fmt.Errorf("input %.80q: %w", found.Name, err)
	}
	if err := imp.define(found.Name); err != nil {
		return err
	}
	imp.value(found.Name, dims)
	return nil
}

// inputDims is the shape of the input with a batch of one.
func inputDims(dims []onnx.Dim) ([]int, error) {
	if len(dims) > maxRank {
		return nil, fmt.Errorf("%d dimensions: %w: at most %d are", len(dims), ErrUnsupported, maxRank)
	}
	shape := []int{}
	if len(dims) > 1 {
		if b := dims[0]; b.Size > 1 || b.Size == 0 {
			return nil, fmt.Errorf("batch of %d: %w: export with a batch of 1 or a symbolic one", b.Size, ErrUnsupported)
		}
		dims, shape = dims[1:], append(shape, 1)
	}
	if len(dims) == 0 {
		return nil, fmt.Errorf("%w: it has no shape: export with fixed sizes", ErrUnsupported)
	}
	n := int64(1)
	for _, d := range dims {
		if d.Size == -1 {
			return nil, fmt.Errorf("open dimension %.80q: %w: only the batch may be open: export with fixed sizes", d.Symbol, ErrUnsupported)
		}
		if d.Size < 1 || d.Size > maxVolume/n {
			return nil, fmt.Errorf("%w: dimension %d: 1 or more is wanted, and at most %d elements in all", ErrMalformed, d.Size, maxVolume)
		}
		n *= d.Size
		shape = append(shape, int(d.Size))
	}
	return shape, nil
}

// output finds the value that the graph gives, and names it so.
func (imp *importer) output(values []onnx.Value) (int, error) {
	if len(values) != 1 {
		return 0, fmt.Errorf("%d outputs: %w: one is wanted", len(values), ErrUnsupported)
	}
	name := values[0].Name
	v, ok := imp.made[name]
	if !ok {
		return 0, fmt.Errorf("%w: no node makes the output %.80q from the input", ErrMalformed, name)
	}
	names := imp.net.values[v].names
	if i := slices.Index(names, name); i > 0 {
		names[0], names[i] = names[i], names[0]
	}
	return v, nil
}

// finish cuts the network into layers.
func (imp *importer) finish(output int) {
	net := imp.net
	number := net.prune(output)
	net.segment()
	layer := make([]int, len(net.values))
	for l := range net.Len() {
		for _, node := range net.between(l, l+1) {
			layer[node.out] = l
		}
	}
	for name, g := range imp.gone {
		if v := number[g.value]; v >= 0 {
			net.elsewhere[name] = why{layer[v], g.reason}
		}
	}
}

// affordable refuses a file whose layers, by sharing weights, take much more
// memory than the file has bytes.
func (imp *importer) affordable(size int64) error {
	const spare = 1 << 20
	var total int64
	for _, node := range imp.net.nodes {
		if total += node.bytes(); total > 4*size+spare {
			return fmt.Errorf("%w: its layers take more than four times its %d bytes", ErrMalformed, size)
		}
	}
	return nil
}

// spend takes n bytes from the budget, before they are allocated.
func (imp *importer) spend(n int64) error {
	if imp.budget -= n; imp.budget < 0 {
		return fmt.Errorf("%w: it computes more constants than its size allows", ErrMalformed)
	}
	return nil
}
