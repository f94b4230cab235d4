package model

import (
	"fmt"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// packed is gorgonia's standard engine for a tensor that holds one matrix in
// the layout of package f32, whose kernels it calls. Called directly it
// allocates nothing; through Dense.MatVecMul the tensor package allocates on
// the way.
type packed struct {
	tensor.StdEng
	m      *f32.Matrix
	ys, xs [][]float32 // of the frames at hand
}

var _ tensor.MatVecMuler = (*packed)(nil)

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
	return e.affine(nil, []*tensor.Dense{y}, []*tensor.Dense{x}, nil, f32.Linear)
}

// affine computes y = W x + b, bounded by c, for every frame in one pass over
// the weights; b may be nil, and a nil pool is the caller alone. It is the one
// place from which the kernels of dense layers are called.
func (e *packed) affine(pool *f32.Pool, ys, xs []*tensor.Dense, b *tensor.Dense, c f32.Clamp) error {
	e.ys, e.xs = e.ys[:0], e.xs[:0]
	for f := range ys {
		y, err := vector(ys[f], e.m.Rows())
		if err != nil {
			return err
		}
		x, err := vector(xs[f], e.m.Cols())
		if err != nil {
			return err
		}
		e.ys, e.xs = append(e.ys, y), append(e.xs, x)
	}
	var bias []float32
	if b != nil {
		var err error
		if bias, err = vector(b, e.m.Rows()); err != nil {
			return err
		}
	}
	switch {
	case pool != nil && len(ys) == 1:
		pool.Affine(e.m, e.ys[0], e.xs[0], bias, c)
	case pool != nil:
		pool.AffineBatch(e.m, e.ys, e.xs, bias, c)
	case len(ys) == 1:
		e.m.Affine(e.ys[0], e.xs[0], bias, c)
	default:
		e.m.AffineBatch(e.ys, e.xs, bias, c)
	}
	return nil
}

// vector is the memory of a tensor of n elements that lie next to one another.
func vector(t *tensor.Dense, n int) ([]float32, error) {
	if t.Dtype() != tensor.Float32 || t.RequiresIterator() || t.DataOrder().IsColMajor() {
		return nil, fmt.Errorf("affine: %v of shape %v: want contiguous row-major float32, so materialize the view first", t.Dtype(), t.Shape())
	}
	s := t.Float32s()
	if len(s) != n {
		return nil, fmt.Errorf("affine: a vector of %d, want %d", len(s), n)
	}
	return s, nil
}
