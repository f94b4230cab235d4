package model

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// ErrRange is in the chain of errors about layers that the network does not
// have.
var ErrRange = errors.New("no such layers")

// Network describes a network layer by layer: names, shapes and where the
// weights are, not the weights. It does not change once made, and any number of
// executors and goroutines may share it.
type Network struct {
	name, digest string
	input        activation
	steps        []step
	elsewhere    map[string]int // tensors that are no cut, and the layer they belong to
	file         io.Closer      // where the weights are; nil for none
}

// step is one layer and the activation it gives.
type step struct {
	recipe recipe
	output activation
}

// activation is what passes from one layer to the next. Its first name is the
// one it is known by; others are those that Identity gave it.
type activation struct {
	names []string
	shape []int
}

// Name is the base name of the file, or the name of the default network.
func (n *Network) Name() string { return n.name }

// Digest is "sha256:" and the hex digest of the file's content, or of the
// default network's description and seed. Nodes with equal digests have equal
// weights.
func (n *Network) Digest() string { return n.digest }

// Len is the number of layers, at least 1.
func (n *Network) Len() int { return len(n.steps) }

// Shape is the shape of the activation that enters layer i, without the batch
// dimension: Shape(0) is the input, such as [3 224 224], and Shape(Len()) the
// output. It is the network's own and not to be changed; nil when there is no
// such activation.
func (n *Network) Shape(i int) []int { return n.activation(i).shape }

// Tensor is the name of the activation that enters layer i, Tensor(Len()) that
// of the output; "" when there is no such activation.
func (n *Network) Tensor(i int) string {
	if a := n.activation(i); len(a.names) > 0 {
		return a.names[0]
	}
	return ""
}

func (n *Network) activation(i int) activation {
	switch {
	case i == 0:
		return n.input
	case i > 0 && i <= len(n.steps):
		return n.steps[i-1].output
	}
	return activation{}
}

// Close closes the file. Layers that are resident can still be run, others no
// longer be loaded.
func (n *Network) Close() error {
	if n.file == nil {
		return nil
	}
	return n.file.Close()
}

// within says whether the network has the layers [from, to).
func (n *Network) within(from, to int) error {
	if from < 0 || from > to || to > n.Len() {
		return fmt.Errorf("layers %d to %d of %s: %w: it has %d, so that 0 <= from <= to <= %d is wanted",
			from, to, n.name, ErrRange, n.Len(), n.Len())
	}
	return nil
}

func (a activation) named(name string) bool { return slices.Contains(a.names, name) }

// volume is the number of elements of an activation.
func volume(shape []int) int {
	v := 1
	for _, d := range shape {
		v *= d
	}
	return v
}
