package op

import (
	"slices"

	"tandem/model/internal/onnx"
)

// shape gives the shape of its input, or part of it: a constant, since shapes do
// not depend on what is in a frame.
func shape(n *Node) error {
	if err := n.takes(1, 1); err != nil {
		return err
	}
	dims := wide(n.In[0].Shape)
	if c := n.In[0].Constant; c != nil {
		dims = c.Dims
	}
	rank := int64(len(dims))
	bound := func(v int64) int64 {
		if v < 0 {
			v += rank
		}
		return min(max(v, 0), rank)
	}
	start, end := bound(n.Int("start", 0)), bound(n.Int("end", rank))
	part := slices.Clone(dims[start:max(start, end)])
	return n.known(&Constant{Type: onnx.Int64, ints: part, Dims: []int64{int64(len(part))}})
}
