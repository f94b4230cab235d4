package model

import (
	"math"
	"slices"

	"tandem/model/internal/op"
)

// arrange removes the nodes that no output depends on, and puts the others into
// an order in which few numbers are alive, so that cuts are cheap. The values
// get new numbers, in the order in which they are made: number[v] of value v, or
// -1. The first values are the inputs.
func (n *Network) arrange(inputs int, outputs []int) (number []int) {
	n.prune(outputs)
	asIs := make([]int, len(n.nodes))
	for i := range asIs {
		asIs[i] = i
	}
	o := n.ordering(inputs, outputs)
	if eager := o.eager(); o.alivest(eager) < o.alivest(asIs) {
		nodes := make([]node, 0, len(n.nodes))
		for _, i := range eager {
			nodes = append(nodes, n.nodes[i])
		}
		n.nodes = nodes
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

// ordering is what the numbers alive depend on, while nodes are put in order.
type ordering struct {
	net    *Network
	inputs int
	all    []int   // how often each value is used; an output is used once more
	uses   []int   // how many of those are still to come
	in     [][]use // of each node
}

// use is how often a node uses a value.
type use struct{ value, times int }

func (n *Network) ordering(inputs int, outputs []int) *ordering {
	o := &ordering{n, inputs, make([]int, len(n.values)), make([]int, len(n.values)), make([][]use, len(n.nodes))}
	var sorted []int
	for i, node := range n.nodes {
		o.in[i] = make([]use, 0, len(node.in))
		sorted = append(sorted[:0], node.in...)
		slices.Sort(sorted)
		for _, v := range sorted {
			o.all[v]++
			if last := len(o.in[i]) - 1; last >= 0 && o.in[i][last].value == v {
				o.in[i][last].times++
			} else {
				o.in[i] = append(o.in[i], use{v, 1})
			}
		}
	}
	for _, v := range outputs {
		o.all[v]++
	}
	return o
}

// begin says that no node is computed yet.
func (o *ordering) begin() { copy(o.uses, o.all) }

// size is how many numbers a value keeps alive.
func (o *ordering) size(v int) int64 {
	if o.uses[v] == 0 {
		return 0
	}
	return int64(op.Volume(o.net.values[v].dims))
}

// more is by how much the numbers that are alive become more at node i.
func (o *ordering) more(i int) (more int64) {
	for _, v := range o.net.nodes[i].out {
		more += o.size(v)
	}
	for _, u := range o.in[i] {
		if o.uses[u.value] == u.times {
			more -= o.size(u.value)
		}
	}
	return more
}

// done says that node i is computed.
func (o *ordering) done(i int) {
	for _, u := range o.in[i] {
		o.uses[u.value] -= u.times
	}
}

// alivest is how many numbers are alive at the boundaries between nodes in this
// order, all boundaries together.
func (o *ordering) alivest(order []int) (sum int64) {
	o.begin()
	alive := int64(0)
	for v := range o.inputs {
		alive += o.size(v)
	}
	for _, i := range order {
		alive += o.more(i)
		o.done(i)
		sum += alive
	}
	return sum
}

// eager is another order of the nodes: of those that can be computed, the next
// one is that which adds the fewest numbers to those that are alive, and of equal
// ones that which became ready last, so that a branch is followed to its end.
func (o *ordering) eager() (order []int) {
	const most = 32 // ready nodes that are compared
	n := o.net
	o.begin()
	order = make([]int, 0, len(n.nodes))
	users := make([][]int, len(n.values))
	missing := make([]int, len(n.nodes)) // inputs that are not made yet
	var ready []int                      // that which became so last, or is the file's first, stands last
	for i := len(n.nodes) - 1; i >= 0; i-- {
		for _, u := range o.in[i] {
			if u.value >= o.inputs {
				missing[i]++
				users[u.value] = append(users[u.value], i)
			}
		}
		if missing[i] == 0 {
			ready = append(ready, i)
		}
	}
	for len(ready) > 0 {
		next, least := 0, int64(math.MaxInt64)
		for at := len(ready) - 1; at >= max(0, len(ready)-most); at-- {
			if more := o.more(ready[at]); more < least {
				next, least = at, more
			}
		}
		i := ready[next]
		ready = slices.Delete(ready, next, next+1)
		order = append(order, i)
		o.done(i)
		for _, v := range n.nodes[i].out {
			for _, user := range users[v] {
				if missing[user]--; missing[user] == 0 {
					ready = append(ready, user)
				}
			}
		}
	}
	return order
}
