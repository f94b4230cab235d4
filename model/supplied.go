package model

import (
	"fmt"
	"os"

	"tandem/model/internal/onnx"
	"tandem/model/internal/op"
)

// Beside lists the files beside an ONNX file that hold weights, in the order of
// their names. It reads no weights.
func Beside(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open network: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open network: %w", err)
	}
	m, err := onnx.Parse(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("open network %s: %w", path, err)
	}
	return locations(m.External()), nil
}

// Manifest is that of the network's files; false: it has none, as its weights are
// made from a seed.
func (n *Network) Manifest() (Manifest, bool) { return n.manifest, n.content != nil }

// Opening lists the chunks that a node needs before it can open the network, in
// rising order.
func (n *Network) Opening() []int { return n.opening }

// Weights lists the chunks that have the weights of the layers [from, to), in
// rising order.
func (n *Network) Weights(from, to int) []int {
	if n.content == nil {
		return nil
	}
	set := map[int]bool{}
	for _, node := range n.between(from, to) {
		for _, t := range op.Tensors(node.Operation) {
			data := t.Data()
			if data == nil {
				continue
			}
			from, to, is := n.content.whole(data)
			if !is {
				continue
			}
			for i := range chunksIn(from, to) {
				set[i] = true
			}
		}
	}
	return sorted(set)
}

// Chunk reads chunk i of the files, as they are now.
func (n *Network) Chunk(i int) ([]byte, error) {
	if i < 0 || i >= n.manifest.Len() {
		return nil, fmt.Errorf("chunk %d of %s: %w: its files have %d", i, n.name, ErrRange, n.manifest.Len())
	}
	b := make([]byte, n.manifest.Length(i))
	if k, err := n.content.ReadAt(b, int64(i)*ChunkBytes); k < len(b) {
		return nil, fmt.Errorf("chunk %d of %s: %w", i, n.name, err)
	}
	return b, nil
}
