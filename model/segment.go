package model

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
func (n *Network) segment() {
	last := make([]int, len(n.values)) // the last node that uses it
	for i, node := range n.nodes {
		for _, v := range node.in {
			last[v] = i
		}
	}
	n.cuts, n.ends = []int{0}, []int{0}
	furthest := last[0] // use of a value made so far
	for i, node := range n.nodes {
		if furthest <= i {
			n.cuts, n.ends = append(n.cuts, node.out), append(n.ends, i+1)
		}
		furthest = max(furthest, last[node.out])
	}
	for l := range n.Len() {
		for _, node := range n.between(l, l+1) {
			if node.out == n.cuts[l+1] {
				continue
			}
			for _, name := range n.values[node.out].names {
				n.elsewhere[name] = why{l, "it is not the only activation alive there"}
			}
		}
	}
}

// prune removes the nodes that the output does not depend on, and gives the
// values new numbers: number[v] of value v, or -1.
func (n *Network) prune(output int) (number []int) {
	needed := make([]bool, len(n.values))
	needed[output] = true
	for i := len(n.nodes) - 1; i >= 0; i-- {
		if needed[n.nodes[i].out] {
			for _, v := range n.nodes[i].in {
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
		if !needed[node.out] {
			continue
		}
		for k, v := range node.in {
			node.in[k] = number[v]
		}
		node.out = number[node.out]
		nodes = append(nodes, node)
	}
	n.values, n.nodes = values, nodes
	return number
}
