package model

import (
	"fmt"
	"slices"

	"tandem/model/internal/op"
)

// alive are the values that enter each layer, in the order in which they are
// made; behind the last layer, those that the network gives, in the file's
// order.
type alive struct {
	values []int   // of all layers, one after the other
	shapes [][]int // theirs
	from   []int   // layer i has values[from[i]:from[i+1]]
}

// entering is the values that enter layer i, none where there is no such layer.
func (a *alive) entering(i int) []int {
	if i < 0 || i+1 >= len(a.from) {
		return nil
	}
	return a.values[a.from[i]:a.from[i+1]]
}

// follow finds out what is alive at each boundary between two nodes. No more
// than the budget are, of all boundaries together.
func (n *Network) follow(inputs int, outputs []int, budget int) error {
	last := make([]int, len(n.values)) // the last node that uses it
	for v := range last {
		last[v] = -1
	}
	for i, node := range n.nodes {
		for _, v := range node.in {
			last[v] = i
		}
	}
	for _, v := range outputs {
		last[v] = len(n.nodes)
	}
	var now []int
	for v := range inputs {
		now = append(now, v)
	}
	n.alive = alive{from: make([]int, 1, len(n.nodes)+2)}
	enter := func(values []int) {
		a := &n.alive
		a.values = append(a.values, values...)
		for _, v := range values {
			a.shapes = append(a.shapes, n.values[v].shape())
		}
		a.from = append(a.from, len(a.values))
	}
	enter(now)
	for i, node := range n.nodes[:len(n.nodes)-1] {
		now = slices.DeleteFunc(append(now, node.out...), func(v int) bool { return last[v] <= i })
		if len(n.alive.values)+len(now) > budget {
			return fmt.Errorf("%d tensors are alive behind %v: %w: too many are at the boundaries of so small a file", len(now), node.Operation, ErrUnsupported)
		}
		enter(now)
	}
	enter(outputs)
	return nil
}

// Shapes are the shapes of the tensors that enter layer i, without the batch
// dimension: Shapes(0) are the inputs, such as [[3 224 224]], and Shapes(Len())
// the outputs. There is one at least; none when there is no such layer. Their
// elements, in row-major order and one tensor after the other, are the
// activation of one frame. They are the network's own and not to be changed.
func (n *Network) Shapes(i int) [][]int {
	if n.alive.entering(i) == nil {
		return nil
	}
	return n.alive.shapes[n.alive.from[i]:n.alive.from[i+1]]
}

// Size is the number of elements of the activation that enters layer i.
func (n *Network) Size(i int) int {
	size := 0
	for _, v := range n.alive.entering(i) {
		size += op.Volume(n.values[v].dims)
	}
	return size
}

// Tensor is one of those that enter a layer: an input, where that is layer 0.
type Tensor struct {
	Name  string
	Shape []int  // without the batch dimension
	Type  string // what the file says that it holds, such as int64; frames have float32 for it
	// Probability says of an output that its numbers are probabilities: softmax or sigmoid has made them.
	Probability bool
}

// Entering is what enters layer i.
func (n *Network) Entering(i int) (tensors []Tensor) {
	for _, v := range n.alive.entering(i) {
		tensors = append(tensors, Tensor{n.values[v].name(), n.values[v].shape(), n.values[v].holds.String(), i == n.Len() && n.probable(v)})
	}
	return tensors
}

// probable follows a value back to what has made its numbers.
func (n *Network) probable(v int) bool {
	for _, node := range slices.Backward(n.nodes) {
		if !slices.Contains(node.out, v) {
			continue
		}
		makes, passes := op.Probable(node.Operation)
		if !passes || len(node.in) == 0 {
			return makes
		}
		v = node.in[0]
	}
	return false
}

// Tensors are the names of the tensors that enter layer i.
func (n *Network) Tensors(i int) []string {
	var names []string
	for _, v := range n.alive.entering(i) {
		names = append(names, n.values[v].name())
	}
	return names
}

// Tensor is the name of a place to cut: of the tensor that the layer before has
// just made, or for Tensor(0) of the first input; "" when there is no such layer.
func (n *Network) Tensor(i int) string {
	entering := n.alive.entering(i)
	switch {
	case len(entering) == 0:
		return ""
	case i == 0:
		return n.values[entering[0]].name()
	}
	for _, v := range n.nodes[i-1].out {
		if slices.Contains(entering, v) {
			return n.values[v].name()
		}
	}
	return n.values[entering[0]].name()
}
