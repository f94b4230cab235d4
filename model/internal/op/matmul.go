package op

import (
	"fmt"
	"slices"

	"tandem/model/internal/f32"
)

// matMul reads Y = A B, where A is the activation.
func matMul(n *Node) error {
	if err := n.takes(2, 2); err != nil {
		return err
	}
	shape, err := n.activation(0)
	if err != nil {
		return err
	}
	d, _, err := n.dense(shape, true)
	if err != nil {
		return err
	}
	to := slices.Clone(shape)
	to[len(to)-1] = d.out
	return n.give(d, to, 0)
}

// dense reads the layer of a matrix in input 1, of shape [in out], or [out in]
// when it is not across.
func (n *Node) dense(shape []int, across bool) (*Dense, *stored, error) {
	w, err := n.weights(1)
	if err != nil {
		return nil, nil, err
	}
	in := shape[len(shape)-1]
	if len(w.Dims) != 2 {
		return nil, nil, fmt.Errorf("weights %.80q of shape %d: %w: a matrix is wanted", w.Name, w.Dims, ErrUnsupported)
	}
	rows, cols := w.Dims[0], w.Dims[1]
	if across {
		rows, cols = cols, rows
	}
	if cols != int64(in) || rows > MaxVolume {
		return nil, nil, fmt.Errorf("%w: weights %.80q of shape %d do not fit an activation of %d", ErrMalformed, w.Name, w.Dims, in)
	}
	if w.file != nil && w.order != nil { // the only order that changes a matrix: it is read as the file has it
		turned := *w
		turned.order, turned.Dims = nil, w.file.Dims
		w, across = &turned, !across
	}
	from := &stored{weights: w, across: across, alpha: 1}
	return NewDense(in, int(rows), Volume(shape)/in, false, from), from, nil
}

// stored is the weights of a dense layer in a file.
type stored struct {
	weights *Constant // [out in], or [in out] when across
	across  bool
	alpha   float32
	after   []scaling // of each output: the bias, and what was absorbed
}

func (s *stored) Read(w *f32.Matrix, b []float32) error {
	scale, shift, err := combine(s.after, w.Rows())
	if err != nil {
		return err
	}
	scaleBy(scale, s.alpha)
	copy(b, shift)
	if s.across {
		return s.weights.blocks(w.Cols(), w.Rows(), 0, func(from int, block []float32) {
			for i := range block {
				block[i] *= scale[i%w.Rows()]
			}
			w.SetColumns(from, block)
		})
	}
	return s.weights.blocks(w.Rows(), w.Cols(), 0, func(from int, block []float32) {
		for r := range len(block) / w.Cols() {
			scaleBy(block[r*w.Cols():][:w.Cols()], scale[from+r])
		}
		w.SetRows(from, block)
	})
}
