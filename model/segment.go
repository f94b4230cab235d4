package model

import "slices"

// segment finds the places where exactly one activation is alive, and makes the
// nodes between two neighbouring ones a layer:
//
//	     ┌──▶ b ──┐
//	a ───┤        ├──▶ d ──▶ e        a, d and e are cuts, b and c are not
//	     └──▶ c ──┘
//
// Every node lies on a way from the input to the output (prune has removed the
// others), so a value through which all ways lead comes after all its ancestors
// and before all its descendants, in whatever order the file has them: it is a
// cut if no node behind it uses a value before it.
func (n *Network) segment(output int) {
	last := make([]int, len(n.values)) // the last node that uses it
	for i, node := range n.nodes {
		for _, v := range node.in {
			last[v] = i
		}
	}
	n.cuts, n.ends = []int{0}, []int{0}
	furthest := last[0] // use of a value made so far
	for i, node := range n.nodes {
		used := node.out
		if len(used) > 1 {
			used = slices.DeleteFunc(slices.Clone(used), func(v int) bool { return last[v] == 0 && v != output })
		}
		if furthest <= i && len(used) == 1 {
			n.cuts, n.ends = append(n.cuts, used[0]), append(n.ends, i+1)
		}
		for _, v := range node.out {
			furthest = max(furthest, last[v])
		}
	}
	for l := range n.Len() {
		for _, node := range n.between(l, l+1) {
			for _, v := range node.out {
				if v == n.cuts[l+1] {
					continue
				}
				for _, name := range n.values[v].names {
					n.elsewhere[name] = why{l, "it is not the only activation alive there"}
				}
			}
		}
	}
}

// prune removes the nodes that the output does not depend on, and gives the
// values new numbers: number[v] of value v, or -1.
func (n *Network) prune(output int) (number []int) {
	needed := make([]bool, len(n.values))
	needed[output] = true
	wanted := func(node node) bool { return slices.ContainsFunc(node.out, func(v int) bool { return needed[v] }) }
	for i := len(n.nodes) - 1; i >= 0; i-- {
		if wanted(n.nodes[i]) {
			for _, v := range slices.Concat(n.nodes[i].in, n.nodes[i].out) {
				needed[v] = true
			}
		}
	}
	number = make([]int, len(n.values))
	values, nodes := n.values[:0], n.nodes[:0]
	for v := range number {
		number[v] = -1
		if needed[v] || v == 0 {
			number[v] = len(values)
			values = append(values, n.values[v])
		}
	}
	for _, node := range n.nodes {
		if !wanted(node) {
			continue
		}
		for _, list := range [][]int{node.in, node.out} {
			for k, v := range list {
				list[k] = number[v]
			}
		}
		nodes = append(nodes, node)
	}
	n.values, n.nodes = values, nodes
	return number
}
