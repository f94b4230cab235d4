package model

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"tandem/model/internal/onnx"
	"tandem/model/internal/op"
)

// ErrRange is in the chain of errors about layers that the network does not
// have.
var ErrRange = errors.New("no such layers")

// Network describes a network: names, shapes and where the weights are, not the
// weights. It does not change once made, and any number of executors and
// goroutines may share it.
type Network struct {
	name, digest string
	values       []value        // the inputs are the first
	nodes        []node         // the layers, in an order in which they can be computed
	alive        alive          // what enters each of them
	elsewhere    map[string]why // tensors that exist at no boundary
	content      *content       // where the weights are; nil: they are made from a seed
	manifest     Manifest       // of that
	opening      []int          // the chunks of it that were read to open the network
	files        []io.Closer
}

// value is a tensor that exists while a frame is computed. Its first name is
// the one it is known by; others are those that Identity gave it.
type value struct {
	names []string
	dims  []int         // as ONNX has them, with a batch dimension of 1
	holds onnx.DataType // of its elements, which are computed as float32
}

// shape is without the batch dimension, and has one dimension at least.
func (v value) shape() []int {
	switch {
	case len(v.dims) > 1 && v.dims[0] == 1:
		return v.dims[1:]
	case len(v.dims) == 0:
		return []int{1}
	}
	return v.dims
}

// node applies an operation to values.
type node struct {
	op.Operation
	in, out []int
}

// why is the reason for which a tensor is no place to cut.
type why struct {
	layer  int // inside of which it is
	reason string
}

// Name is the base name of the file, or the name of the default network.
func (n *Network) Name() string { return n.name }

// Digest is that of the manifest of its files; or "sha256:" and the hex digest of
// the default network's description and seed. Nodes with equal digests have equal
// weights.
func (n *Network) Digest() string { return n.digest }

// Len is the number of layers, at least 1. A layer is one operation.
func (n *Network) Len() int { return len(n.nodes) }

// Work is the number of multiply-adds for one frame in the layers [from, to).
func (n *Network) Work(from, to int) int64 {
	var sum int64
	for _, node := range n.between(from, to) {
		sum += node.Work()
	}
	return sum
}

// Bytes is what the weights of the layers [from, to) take when resident.
func (n *Network) Bytes(from, to int) int64 {
	var sum int64
	for _, node := range n.between(from, to) {
		sum += node.Bytes()
	}
	return sum
}

// between is the nodes of the layers [from, to), none for a range that the
// network does not have.
func (n *Network) between(from, to int) []node {
	if n.within(from, to) != nil {
		return nil
	}
	return n.nodes[from:to]
}

// Describe says what layer i computes, such as "dense 100 to 2000"; "" when
// there is no such layer.
func (n *Network) Describe(i int) string {
	for _, node := range n.between(i, i+1) {
		return node.String()
	}
	return ""
}

// Close closes the files. Layers that are resident can still be run, others no
// longer be loaded.
func (n *Network) Close() error {
	var errs []error
	for _, f := range n.files {
		errs = append(errs, f.Close())
	}
	n.files = nil
	return errors.Join(errs...)
}

// within says whether the network has the layers [from, to).
func (n *Network) within(from, to int) error {
	if from < 0 || from > to || to > n.Len() {
		return fmt.Errorf("layers %d to %d of %s: %w: it has %d, so that 0 <= from <= to <= %d is wanted",
			from, to, n.name, ErrRange, n.Len(), n.Len())
	}
	return nil
}

// name is the one that it is known by.
func (v value) name() string {
	if len(v.names) == 0 {
		return ""
	}
	return v.names[0]
}

func (v value) named(name string) bool { return slices.Contains(v.names, name) }
