package op

import (
	"fmt"

	"gorgonia.org/tensor"
)

// affineGrid makes the grid of a GridSample that turns, shifts and scales: of
// matrices of shape [n 2 3] it gives [n h w 2], of [n 3 4] it gives [n d h w 3].
//
// https://onnx.ai/onnx/operators/onnx__AffineGrid.html
func affineGrid(n *Node) error {
	if err := n.takes(2, 2); err != nil {
		return err
	}
	theta, err := n.dims(0)
	if err != nil {
		return err
	}
	size, err := n.ints(1, "")
	if to := n.declared(0); err != nil && len(to) > 3 { // the channels are not in it
		size, err = append([]int64{int64(to[0]), 1}, wide(to[1:len(to)-1])...), nil
	}
	if err != nil {
		return err
	}
	rank := len(size) - 2
	if rank < 2 || rank > 3 || len(theta) != 3 || int64(theta[0]) != size[0] || theta[1] != rank || theta[2] != rank+1 {
		return fmt.Errorf("%w: matrices of shape %v for size %d", ErrMalformed, theta, size)
	}
	to, err := fewDims(append(append([]int64{size[0]}, size[2:]...), int64(rank)))
	if err != nil {
		return err
	}
	return n.combine(affineGridOp{corners: n.Int("align_corners", 0) != 0}, to, 0)
}

type affineGridOp struct {
	weightless
	corners bool
}

func (l affineGridOp) Load() (Kernel, error) { return l, nil }
func (l affineGridOp) String() string        { return "affine grid" }

func (l affineGridOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	theta, z, shape := xs[0].Float32s(), y.Float32s(), y.Shape()
	rank := len(shape) - 2
	points := Volume(shape[1 : len(shape)-1])
	for p := range shape[0] * points {
		matrix := theta[p/points*rank*(rank+1):]
		var at [4]float32 // the last dimension first, then 1
		rest := p % points
		for d := range rank {
			n := shape[rank-d]
			at[d] = l.coordinate(rest%n, n)
			rest /= n
		}
		at[rank] = 1
		for r := range rank {
			sum := float32(0)
			for c := range rank + 1 {
				sum += matrix[r*(rank+1)+c] * at[c]
			}
			z[p*rank+r] = sum
		}
	}
	return nil
}

// coordinate of element i of n: -1 to 1 from one end to the other.
func (l affineGridOp) coordinate(i, n int) float32 {
	if !l.corners {
		return float32(2*i+1)/float32(n) - 1
	}
	if n == 1 {
		return 0
	}
	return 2*float32(i)/float32(n-1) - 1
}
