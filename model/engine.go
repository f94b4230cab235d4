package model

import (
	"fmt"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// packed is the engine of a tensor that holds one matrix in the layout of
// package f32, whose kernels it calls. Called directly it allocates nothing;
// through Dense.MatVecMul the tensor package allocates on the way.
type packed struct {
	tensor.Engine // the standard one, for memory alone: its arithmetic, some 150 methods, would be linked twice more
	m             *f32.Matrix
	ys, xs        [][]float32 // the vectors at hand
}

var _ tensor.MatVecMuler = (*packed)(nil)

func newPacked(m *f32.Matrix) *packed { return &packed{Engine: tensor.StdEng{}, m: m} }

// MatVecMul computes prealloc = a b for the engine's own matrix a and a vector
// b. Views and transposed tensors whose elements are not next to one another in
// memory are refused: the standard engine takes them, and gives wrong numbers.
func (e *packed) MatVecMul(a, b, prealloc tensor.Tensor) error {
	w, isW := a.(*tensor.Dense)
	x, isX := b.(*tensor.Dense)
	y, isY := prealloc.(*tensor.Dense)
	if !isW || !isX || !isY || w.Engine() != tensor.Engine(e) {
		return fmt.Errorf("matrix times vector: %T times %T into %T, want dense tensors, and the matrix that this engine has packed", a, b, prealloc)
	}
	e.clear()
	if err := e.add(y, x, 1); err != nil {
		return err
	}
	return e.affine(nil, means{clamp: f32.Linear})
}

func (e *packed) clear() { e.ys, e.xs = e.ys[:0], e.xs[:0] }

// add puts the rows of x among the vectors that affine takes, and those of y
// among its results.
func (e *packed) add(y, x *tensor.Dense, rows int) error {
	ys, err := elements(y, rows*e.m.Rows())
	if err != nil {
		return err
	}
	xs, err := elements(x, rows*e.m.Cols())
	if err != nil {
		return err
	}
	for r := range rows {
		e.ys = append(e.ys, ys[r*e.m.Rows():][:e.m.Rows()])
		e.xs = append(e.xs, xs[r*e.m.Cols():][:e.m.Cols()])
	}
	return nil
}

// affine computes y = W x + b for all vectors that were added, in one pass over
// the weights; b may be nil. It is the one place from which the kernels of dense
// layers are called.
func (e *packed) affine(b *tensor.Dense, with means) error {
	var bias []float32
	if b != nil {
		var err error
		if bias, err = elements(b, e.m.Rows()); err != nil {
			return err
		}
	}
	switch {
	case with.pool != nil && len(e.ys) == 1:
		with.pool.Affine(e.m, e.ys[0], e.xs[0], bias, with.clamp)
	case with.pool != nil:
		with.pool.AffineBatch(e.m, e.ys, e.xs, bias, with.clamp)
	case len(e.ys) == 1:
		e.m.Affine(e.ys[0], e.xs[0], bias, with.clamp)
	default:
		e.m.AffineBatch(e.ys, e.xs, bias, with.clamp)
	}
	return nil
}

// elements is the memory of a tensor of n elements that lie next to one another.
func elements(t *tensor.Dense, n int) ([]float32, error) {
	if t.Dtype() != tensor.Float32 || t.RequiresIterator() || t.DataOrder().IsColMajor() {
		return nil, fmt.Errorf("%v of shape %v: want contiguous row-major float32, so materialize the view first", t.Dtype(), t.Shape())
	}
	s := t.Float32s()
	if len(s) != n {
		return nil, fmt.Errorf("a tensor of %d elements, want %d", len(s), n)
	}
	return s, nil
}
