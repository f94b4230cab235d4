package op

import (
	"fmt"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// packed is the engine of a tensor that is one matrix in the layout of package
// f32, whose kernels it calls: no one else can read it. Called directly it
// allocates nothing; through tensor.MatMul the library allocates on the way.
type packed struct {
	tensor.Engine // the standard one, for memory alone: its arithmetic, some 150 methods, would be linked twice more
	m             *f32.Matrix
	bias          *tensor.Dense // [rows], or nil
	with          With
	ys, xs        [][]float32 // the vectors at hand
}

var (
	_ tensor.MatVecMuler = (*packed)(nil)
	_ tensor.MatMuler    = (*packed)(nil)
)

func newPacked(m *f32.Matrix) *packed {
	return &packed{Engine: tensor.StdEng{}, m: m, with: With{Clamp: f32.Linear}}
}

// AllocAccessible says that the elements do not lie in memory as shape and
// strides say.
func (e *packed) AllocAccessible() bool { return false }

// matrix is the engine's own matrix as a tensor, and as its transpose.
func (e *packed) matrix() (w, transposed *tensor.Dense) {
	rows, cols := e.m.Rows(), e.m.Cols()
	w = tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(e.m.Data()[:rows*cols]), tensor.WithEngine(e))
	transposed = w.ShallowClone()
	transposed.AP = *pattern([]int{cols, rows}, []int{1, cols})
	return w, transposed
}

// finish says how the products from now on are finished: what is added to them,
// how they are bounded, and who computes them.
func (e *packed) finish(bias *tensor.Dense, with With) { e.bias, e.with = bias, with }

// MatVecMul computes prealloc = a b for the engine's own matrix a and a vector
// b. Views whose elements are not next to one another in memory are refused: the
// standard engine takes them, and gives wrong numbers.
func (e *packed) MatVecMul(a, b, prealloc tensor.Tensor) error { return e.product(a, b, prealloc) }

// MatMul computes prealloc = a b for a matrix a and the transpose of the
// engine's own matrix b: that is MatVecMul for each row of a, in one pass over
// the weights. Views are refused as there.
func (e *packed) MatMul(a, b, prealloc tensor.Tensor) error { return e.product(b, a, prealloc) }

func (e *packed) product(own, vectors, prealloc tensor.Tensor) error {
	w, isW := own.(*tensor.Dense)
	x, isX := vectors.(*tensor.Dense)
	y, isY := prealloc.(*tensor.Dense)
	if !isW || !isX || !isY || w.Engine() != tensor.Engine(e) {
		return fmt.Errorf("product of %T and %T into %T: want dense tensors, and the matrix that this engine has packed", own, vectors, prealloc)
	}
	e.clear()
	if err := e.add(y, x); err != nil {
		return err
	}
	return e.affine()
}

// all is the product for the frames of a batch, in one pass over the weights.
func (e *packed) all(ys, xs []*tensor.Dense) error {
	e.clear()
	for f := range ys {
		if err := e.add(ys[f], xs[f]); err != nil {
			return err
		}
	}
	return e.affine()
}

func (e *packed) clear() { e.ys, e.xs = e.ys[:0], e.xs[:0] }

// add puts the rows of x among the vectors that affine takes, and those of y
// among its results.
func (e *packed) add(y, x *tensor.Dense) error {
	in, out := e.m.Cols(), e.m.Rows()
	rows := max(1, x.Size()/in)
	ys, err := elements(y, rows*out)
	if err != nil {
		return err
	}
	xs, err := elements(x, rows*in)
	if err != nil {
		return err
	}
	for r := range rows {
		e.ys = append(e.ys, ys[r*out:][:out])
		e.xs = append(e.xs, xs[r*in:][:in])
	}
	return nil
}

// affine computes y = W x + b for all vectors that were added, in one pass over
// the weights. It is the one place from which the kernels of dense layers are
// called.
func (e *packed) affine() error {
	var bias []float32
	if e.bias != nil {
		var err error
		if bias, err = elements(e.bias, e.m.Rows()); err != nil {
			return err
		}
	}
	team, clamp := e.with.Team, e.with.Clamp
	switch {
	case team != nil && len(e.ys) == 1:
		team.Affine(e.m, e.ys[0], e.xs[0], bias, clamp)
	case team != nil:
		team.AffineBatch(e.m, e.ys, e.xs, bias, clamp)
	case len(e.ys) == 1:
		e.m.Affine(e.ys[0], e.xs[0], bias, clamp)
	default:
		e.m.AffineBatch(e.ys, e.xs, bias, clamp)
	}
	for _, y := range e.ys {
		e.with.Then.Rows(y, 0, 1, len(y), len(y))
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
