package model

import (
	"cmp"
	"slices"

	"tandem/model/internal/op"
)

// arrange removes the nodes that no output depends on, and puts the others into
// an order in which few numbers are alive, so that cuts are cheap. The values
// get new numbers, in the order in which they are made: number[v] of value v, or
// -1. The first values are the inputs.
func (n *Network) arrange(inputs int, outputs []int) (number []int) {
	n.prune(outputs)
	if eager := n.eager(inputs, outputs); n.alivest(inputs, outputs, eager) < n.alivest(inputs, outputs, n.nodes) {
		n.nodes = eager
	}
	return n.renumber(inputs)
}

// prune removes the nodes that no output depends on.
func (n *Network) prune(outputs []int) {
	needed := make([]bool, len(n.values))
	for _, v := range outputs {
		needed[v] = true
	}
	for i := len(n.nodes) - 1; i >= 0; i-- {
		node := &n.nodes[i]
		if !slices.ContainsFunc(node.out, func(v int) bool { return needed[v] }) {
			node.out = nil
			continue
		}
		for _, v := range node.in {
			needed[v] = true
		}
	}
	n.nodes = slices.DeleteFunc(n.nodes, func(node node) bool { return node.out == nil })
}

// renumber numbers the values in the order in which they are made.
func (n *Network) renumber(inputs int) (number []int) {
	number = make([]int, len(n.values))
	for v := range number {
		number[v] = -1
	}
	values := make([]value, 0, len(n.values))
	take := func(v int) {
		number[v] = len(values)
		values = append(values, n.values[v])
	}
	for v := range inputs {
		take(v)
	}
	for _, node := range n.nodes {
		for _, v := range node.out {
			take(v)
		}
		for _, list := range [][]int{node.in, node.out} {
			for k, v := range list {
				list[k] = number[v]
			}
		}
	}
	n.values = values
	return number
}

// uses is how many nodes use each value; an output is used once more.
func (n *Network) uses(outputs []int) []int {
	uses := make([]int, len(n.values))
	for _, node := range n.nodes {
		for _, v := range node.in {
			uses[v]++
		}
	}
	for _, v := range outputs {
		uses[v]++
	}
	return uses
}

// alivest is how many numbers are alive at the boundaries between nodes in this
// order, all boundaries together.
func (n *Network) alivest(inputs int, outputs []int, nodes []node) (sum int64) {
	uses, alive := n.uses(outputs), int64(0)
	for v := range inputs {
		alive += n.weigh(v, uses)
	}
	for _, node := range nodes {
		alive += n.step(node, uses)
		for _, v := range node.in {
			uses[v]--
		}
		sum += alive
	}
	return sum
}

// weigh is how many numbers a value keeps alive.
func (n *Network) weigh(v int, uses []int) int64 {
	if uses[v] == 0 {
		return 0
	}
	return int64(op.Volume(n.values[v].dims))
}

// step is by how much the numbers that are alive become more at a node, where so
// many uses of each value are still to come.
func (n *Network) step(node node, uses []int) (more int64) {
	for _, v := range node.out {
		more += n.weigh(v, uses)
	}
	for i, v := range node.in {
		again := 0 // a node may use a value twice
		for _, w := range node.in {
			if w == v {
				again++
			}
		}
		if uses[v] == again && slices.Index(node.in, v) == i {
			more -= n.weigh(v, uses)
		}
	}
	return more
}

// eager is the nodes in another order: of those that can be computed, the next
// one is that which adds the fewest numbers to those that are alive, and of
// equal ones that which became ready last, so that a branch is followed to its
// end.
func (n *Network) eager(inputs int, outputs []int) []node {
	const most = 32 // ready nodes that are compared
	uses := n.uses(outputs)
	users := make([][]int, len(n.values))
	missing := make([]int, len(n.nodes)) // inputs that are not made yet
	var ready []int
	for i, node := range n.nodes {
		for _, v := range node.in {
			if v >= inputs {
				missing[i]++
				users[v] = append(users[v], i)
			}
		}
		if missing[i] == 0 {
			ready = append(ready, i)
		}
	}
	slices.Reverse(ready) // the file's first is looked at first
	nodes := make([]node, 0, len(n.nodes))
	for len(ready) > 0 {
		first := max(0, len(ready)-most)
		near := ready[first:]
		slices.Reverse(near)
		next := slices.MinFunc(near, func(a, b int) int { return cmp.Compare(n.step(n.nodes[a], uses), n.step(n.nodes[b], uses)) })
		slices.Reverse(near)
		at := first + slices.Index(near, next)
		ready = slices.Delete(ready, at, at+1)
		node := n.nodes[next]
		nodes = append(nodes, node)
		for _, v := range node.in {
			uses[v]--
		}
		for _, v := range node.out {
			for _, i := range slices.Backward(users[v]) {
				if missing[i]--; missing[i] == 0 {
					ready = append(ready, i)
				}
			}
		}
	}
	return nodes
}
