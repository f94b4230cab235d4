package model

import (
	"fmt"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// engine is gorgonia's standard engine with kernels of this module where they
// are faster. Called directly it allocates nothing; through Dense.MatVecMul the
// tensor package allocates on the way.
type engine struct{ tensor.StdEng }

var _ tensor.MatVecMuler = engine{}

// MatVecMul computes prealloc = a b for a matrix a and a vector b. Views and
// transposed tensors whose elements are not next to one another in memory are
// refused: the standard engine takes them, and gives wrong numbers.
func (e engine) MatVecMul(a, b, prealloc tensor.Tensor) error {
	w, isW := a.(*tensor.Dense)
	x, isX := b.(*tensor.Dense)
	y, isY := prealloc.(*tensor.Dense)
	if !isW || !isX || !isY {
		return fmt.Errorf("matrix times vector: %T times %T into %T, want dense tensors", a, b, prealloc)
	}
	return e.affine(y, w, x, nil)
}

// affine computes y = w x + b; b may be nil. It is the one place from which
// the kernel is called.
func (engine) affine(y, w, x, b *tensor.Dense) error {
	for _, t := range [...]*tensor.Dense{y, w, x, b} {
		if t == nil {
			continue
		}
		if t.Dtype() != tensor.Float32 || t.RequiresIterator() || t.DataOrder().IsColMajor() {
			return fmt.Errorf("affine: %v of shape %v: want contiguous row-major float32, so materialize the view first", t.Dtype(), t.Shape())
		}
	}
	ys, xs := y.Float32s(), x.Float32s()
	var bs []float32
	if b != nil {
		bs = b.Float32s()
	}
	if s := w.Shape(); len(s) != 2 || s[0] != len(ys) || s[1] != len(xs) || b != nil && len(bs) != len(ys) {
		return fmt.Errorf("affine: matrix %v does not take a vector of %d to one of %d", s, len(xs), len(ys))
	}
	f32.Affine(ys, w.Float32s(), xs, bs)
	return nil
}
