package op

import "tandem/model/internal/onnx"

// size is how many elements its input has: a constant, since shapes do not
// depend on what is in a frame.
func size(n *Node) error {
	if err := n.takes(1, 1); err != nil {
		return err
	}
	shape, err := n.dims(0)
	if err != nil {
		return err
	}
	return n.known(&Constant{Type: onnx.Int64, ints: []int64{int64(Volume(shape))}})
}
