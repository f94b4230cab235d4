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
	values       []value        // the input is the first
	nodes        []node         // in an order in which they can be computed
	ends         []int          // layer i is nodes[ends[i]:ends[i+1]]
	cuts         []int          // cuts[i] is the value that enters layer i, the last one the output
	elsewhere    map[string]why // tensors that are no cut
	files        []io.Closer    // where the weights are
}

// value is a tensor that exists while a frame is computed. Its first name is
// the one it is known by; others are those that Identity gave it.
type value struct {
	names []string
	dims  []int         // as ONNX has them, with a batch dimension of 1
	holds onnx.DataType // of its elements, which are computed as float32
}

// shape is without the batch dimension.
func (v value) shape() []int {
	if len(v.dims) > 1 && v.dims[0] == 1 {
		return v.dims[1:]
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
	layer  int // to which it belongs
	reason string
}

// Name is the base name of the file, or the name of the default network.
func (n *Network) Name() string { return n.name }

// Digest is "sha256:" and the hex digest of the file's content (and that of the
// files that hold its weights), or of the default network's description and
// seed. Nodes with equal digests have equal weights.
func (n *Network) Digest() string { return n.digest }

// Len is the number of layers, at least 1.
func (n *Network) Len() int { return len(n.cuts) - 1 }

// Shape is the shape of the activation that enters layer i, without the batch
// dimension: Shape(0) is the input, such as [3 224 224], and Shape(Len()) the
// output. It is the network's own and not to be changed; nil when there is no
// such activation.
func (n *Network) Shape(i int) []int { return n.activation(i).shape() }

// Tensor is the name of the activation that enters layer i, Tensor(Len()) that
// of the output; "" when there is no such activation.
func (n *Network) Tensor(i int) string {
	if a := n.activation(i); len(a.names) > 0 {
		return a.names[0]
	}
	return ""
}

func (n *Network) activation(i int) value {
	if i < 0 || i >= len(n.cuts) {
		return value{}
	}
	return n.values[n.cuts[i]]
}

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
	return n.nodes[n.ends[from]:n.ends[to]]
}

// Describe says what layer i computes, such as "dense 100 to 2000"; "" when
// there is no such layer.
func (n *Network) Describe(i int) string {
	nodes := n.between(i, i+1)
	switch len(nodes) {
	case 0:
		return ""
	case 1:
		return nodes[0].String()
	}
	return fmt.Sprintf("%v and %d more", nodes[0].Operation, len(nodes)-1)
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

func (v value) named(name string) bool { return slices.Contains(v.names, name) }
