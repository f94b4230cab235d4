package model

import "tandem/model/internal/onnx"

// needed gives the nodes that the outputs of a graph depend on, in its order.
// The others are as if they were not there, whatever they are.
func needed(g *onnx.Graph) []*onnx.Node {
	wanted := map[string]bool{}
	for _, out := range g.Outputs {
		wanted[out.Name] = true
	}
	keep, count := make([]bool, len(g.Nodes)), 0
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		n := &g.Nodes[i]
		for _, out := range n.Outputs {
			keep[i] = keep[i] || out != "" && wanted[out]
		}
		if keep[i] {
			count++
			uses(n, func(name string) { wanted[name] = true })
		}
	}
	nodes := make([]*onnx.Node, 0, count)
	for i := range g.Nodes {
		if keep[i] {
			nodes = append(nodes, &g.Nodes[i])
		}
	}
	return nodes
}

// uses calls f for the tensors that a node uses; the graphs inside a node may use
// those around it.
func uses(n *onnx.Node, f func(name string)) {
	for _, in := range n.Inputs {
		f(in)
	}
	for i := range n.Attributes {
		g := n.Attributes[i].Graph
		if g == nil {
			continue
		}
		for k := range g.Nodes {
			uses(&g.Nodes[k], f)
		}
		for _, out := range g.Outputs {
			f(out.Name)
		}
	}
}
