package model

import (
	"fmt"

	"tandem/model/internal/f32"
	"tandem/model/internal/onnx"
)

// gemm reads Y = alpha A' B' + beta C, where A is the activation.
func (imp *importer) gemm(n *onnx.Node) error {
	if err := imp.counts(n, 2, 3); err != nil {
		return err
	}
	shape, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	if !imp.batched || n.Int("transA", 0) != 0 && volume(shape) != 1 {
		return fmt.Errorf("its first matrix is not one row: %w: give the input a batch dimension in front and leave transA at 0", ErrUnsupported)
	}
	d, err := imp.dense(n, shape, n.Int("transB", 0) == 0)
	if err != nil {
		return err
	}
	from := d.from.(*stored)
	from.alpha = n.Float("alpha", 1)
	if len(n.Inputs) == 3 && n.Inputs[2] != "" {
		from.beta = n.Float("beta", 1)
		if err := imp.bias(n, 2, d); err != nil {
			return err
		}
	}
	return imp.grow(n, d)
}

// matMul reads Y = A B, where A is the activation; an Add may follow.
func (imp *importer) matMul(n *onnx.Node) error {
	if err := imp.counts(n, 2, 2); err != nil {
		return err
	}
	shape, err := imp.activation(n, 0)
	if err != nil {
		return err
	}
	d, err := imp.dense(n, shape, true)
	if err != nil {
		return err
	}
	return imp.grow(n, d)
}

// add reads the bias of the MatMul or Gemm just before. The activation between
// the two is no place to cut.
func (imp *importer) add(n *onnx.Node) error {
	if err := imp.counts(n, 2, 2); err != nil {
		return err
	}
	c := 1
	if imp.constants[n.Inputs[0]] != nil {
		c = 0
	}
	if _, err := imp.activation(n, 1-c); err != nil {
		return err
	}
	var d *dense
	if l := imp.net.Len(); l > 0 {
		d, _ = imp.net.steps[l-1].recipe.(*dense)
	}
	if d == nil || d.biased {
		return fmt.Errorf("%w: only the Add of a constant just after MatMul is", ErrUnsupported)
	}
	if err := imp.bias(n, c, d); err != nil {
		return err
	}
	layer := imp.net.Len() - 1
	imp.net.elsewhere[n.Inputs[c]] = layer
	for _, name := range imp.net.steps[layer].output.names {
		imp.net.elsewhere[name] = layer
	}
	return imp.give(n, d)
}

// dense describes the layer of a matrix in input 1, of shape [in out], or
// [out in] when it is not across.
func (imp *importer) dense(n *onnx.Node, shape []int, across bool) (*dense, error) {
	w, err := imp.floats(n, 1)
	if err != nil {
		return nil, err
	}
	if len(shape) != 1 {
		return nil, fmt.Errorf("it multiplies an activation of shape %v: %w: flatten it first", shape, ErrUnsupported)
	}
	if len(w.Dims) != 2 {
		return nil, fmt.Errorf("weights %.80q of shape %d: %w: a matrix is wanted", n.Inputs[1], w.Dims, ErrUnsupported)
	}
	in, out := w.Dims[0], w.Dims[1]
	if !across {
		in, out = out, in
	}
	if in != int64(shape[0]) || out > maxVolume {
		return nil, fmt.Errorf("%w: weights %.80q of shape %d do not fit an activation of %d", ErrMalformed, n.Inputs[1], w.Dims, shape[0])
	}
	from := &stored{weights: w, across: across, alpha: 1, beta: 1}
	return &dense{in: int(in), out: int(out), from: from}, nil
}

// bias gives d the bias in input i: one number for each output, or one for all.
func (imp *importer) bias(n *onnx.Node, i int, d *dense) error {
	b, err := imp.floats(n, i)
	if err != nil {
		return err
	}
	rank := 1
	if imp.batched {
		rank = 2
	}
	last := int64(1)
	if len(b.Dims) > 0 {
		last = b.Dims[len(b.Dims)-1]
	}
	if len(b.Dims) > rank || last != b.Len() || last != 1 && last != int64(d.out) {
		return fmt.Errorf("%w: bias %.80q of shape %d for %d outputs", ErrMalformed, n.Inputs[i], b.Dims, d.out)
	}
	d.from.(*stored).bias, d.biased = b, true
	return nil
}

// stored is the weights of a dense layer in a file.
type stored struct {
	weights     *onnx.Tensor // [out in], or [in out] when across
	across      bool
	bias        *onnx.Tensor // nil, or one number, or one for each output
	alpha, beta float32      // factors of the weights and of the bias
}

func (s *stored) read(w *f32.Matrix, b []float32) error {
	if err := s.matrix(w); err != nil {
		return err
	}
	if b == nil {
		return nil
	}
	k := min(int64(len(b)), s.bias.Len())
	if err := s.bias.Floats(b[:k], 0); err != nil {
		return err
	}
	if k == 1 {
		for i := range b {
			b[i] = b[0]
		}
	}
	scale(b, s.beta)
	return nil
}

// matrix fills w line by line of the file, so many at a time: its rows, or its
// columns where the file has the matrix across.
func (s *stored) matrix(w *f32.Matrix) error {
	lines, each, set := w.Rows(), w.Cols(), w.SetRows
	if s.across {
		lines, each, set = w.Cols(), w.Rows(), w.SetColumns
	}
	const most = 1 << 14 // numbers
	some := max(1, min(lines, most/max(1, each)))
	block := make([]float32, some*each)
	for from := 0; from < lines; from += some {
		block := block[:min(some, lines-from)*each]
		if err := s.weights.Floats(block, int64(from)*int64(each)); err != nil {
			return err
		}
		scale(block, s.alpha)
		set(from, block)
	}
	return nil
}

func scale(s []float32, by float32) {
	if by == 1 {
		return
	}
	for i := range s {
		s[i] *= by
	}
}
