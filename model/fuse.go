package model

import (
	"tandem/model/internal/op"
)

// fuse makes one node of what exporters write out in pieces: layer
// normalisations, and curves such as GELU. What lies inside is no place to cut.
func (imp *importer) fuse(outputs []int) {
	g := &around{net: imp.net, maker: make([]int, len(imp.net.values)), uses: make([]int, len(imp.net.values))}
	for v := range g.maker {
		g.maker[v] = -1
	}
	for i, node := range imp.net.nodes {
		if len(node.out) == 1 {
			g.maker[node.out[0]] = i
		}
		for _, v := range node.in {
			g.uses[v]++
		}
	}
	for _, v := range outputs {
		g.uses[v]++
	}
	for i := len(imp.net.nodes) - 1; i >= 0; i-- {
		node := &imp.net.nodes[i]
		if len(node.out) != 1 || g.maker[node.out[0]] != i {
			continue
		}
		o, from, inside := op.Fuse(g, node.out[0])
		if o == nil {
			continue
		}
		node.Operation, node.in = o, []int{from}
		for _, v := range inside {
			g.maker[v] = -1
			for _, name := range imp.net.values[v].names {
				imp.gone[name] = gone{node.out[0], "it is computed together with what follows it"}
			}
		}
	}
}

// around is the network as patterns see it.
type around struct {
	net   *Network
	maker []int // nodes, by the value that they make; -1: none
	uses  []int
}

func (a *around) Maker(v int) (op.Operation, []int) {
	i := a.maker[v]
	if i < 0 {
		return nil, nil
	}
	return a.net.nodes[i].Operation, a.net.nodes[i].in
}

func (a *around) Shape(v int) []int { return a.net.values[v].dims }
func (a *around) Uses(v int) int    { return a.uses[v] }
