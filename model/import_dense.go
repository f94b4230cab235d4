package model

import (
	"fmt"

	"tandem/model/internal/f32"
	"tandem/model/internal/onnx"
)

// gemm reads Y = alpha A B' + beta C, where A is the activation.
func (imp *importer) gemm(n *onnx.Node) error {
	if err := imp.takes(n, 2, 3); err != nil {
		return err
	}
	x, dims, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	if len(dims) != 2 || n.Int("transA", 0) != 0 && volume(dims) != 1 {
		return fmt.Errorf("its first matrix has the shape %v, transA %d: %w: two dimensions are wanted, the batch in front, and transA 0",
			dims, n.Int("transA", 0), ErrUnsupported)
	}
	d, err := imp.dense(n, dims, n.Int("transB", 0) == 0)
	if err != nil {
		return err
	}
	from := d.from.(*stored)
	from.alpha = n.Float("alpha", 1)
	c, err := imp.floats(n, 2)
	if err != nil {
		return err
	}
	if c != nil {
		if !c.perChannel(2, 1, d.out) {
			return fmt.Errorf("%w: bias %.80q of shape %d for %d outputs", ErrMalformed, c.name, c.dims, d.out)
		}
		d.append(scaling{shift: c, times: n.Float("beta", 1)})
	}
	return imp.give(n, d, []int{dims[0], d.out}, x)
}

// matMul reads Y = A B, where A is the activation.
func (imp *importer) matMul(n *onnx.Node) error {
	if err := imp.takes(n, 2, 2); err != nil {
		return err
	}
	x, dims, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	d, err := imp.dense(n, dims, true)
	if err != nil {
		return err
	}
	to := append([]int{}, dims...)
	to[len(to)-1] = d.out
	return imp.give(n, d, to, x)
}

// dense describes the layer of a matrix in input 1, of shape [in out], or
// [out in] when it is not across.
func (imp *importer) dense(n *onnx.Node, dims []int, across bool) (*dense, error) {
	w, err := imp.floats(n, 1)
	if err != nil {
		return nil, err
	}
	in := dims[len(dims)-1]
	if len(w.dims) != 2 {
		return nil, fmt.Errorf("weights %.80q of shape %d: %w: a matrix is wanted", w.name, w.dims, ErrUnsupported)
	}
	rows, cols := w.dims[0], w.dims[1]
	if across {
		rows, cols = cols, rows
	}
	if cols != int64(in) || rows > maxVolume {
		return nil, fmt.Errorf("%w: weights %.80q of shape %d do not fit an activation of %d", ErrMalformed, w.name, w.dims, in)
	}
	if w.file != nil && w.order != nil { // a transposed matrix is read as the file has it
		turned := *w
		turned.order, turned.dims = nil, w.file.Dims
		w, across = &turned, !across
	}
	return &dense{in: in, out: int(rows), rows: volume(dims) / in, from: &stored{weights: w, across: across, alpha: 1}}, nil
}

// append lets the layer do a scaling of its outputs.
func (d *dense) append(s scaling) {
	d.from.(*stored).after = append(d.from.(*stored).after, s)
	d.biased = true
}

// perChannel says whether c has one number for all, or one for each of so many
// channels, which are dimension axis of rank.
func (c *constant) perChannel(rank, axis, channels int) bool {
	if len(c.dims) > rank {
		return false
	}
	for i, d := range c.dims {
		if at := rank - len(c.dims) + i; d != 1 && (at != axis || d != int64(channels)) {
			return false
		}
	}
	return true
}

// stored is the weights of a dense layer in a file.
type stored struct {
	weights *constant // [out in], or [in out] when across
	across  bool
	alpha   float32
	after   []scaling // of each output: the bias, and what was folded
}

func (s *stored) read(w *f32.Matrix, b []float32) error {
	scale, shift, err := combine(s.after, w.Rows())
	if err != nil {
		return err
	}
	multiply(scale, s.alpha)
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
			multiply(block[r*w.Cols():][:w.Cols()], scale[from+r])
		}
		w.SetRows(from, block)
	})
}
