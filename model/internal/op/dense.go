package op

import (
	"fmt"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

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

// Dense is a fully connected layer: y = W x + b for each row x of a frame, x of
// in numbers and y of out. Gemm and MatMul give it.
type Dense struct {
	in, out, rows int
	biased        bool
	from          Parameters
}

// Parameters is where the weights of a dense layer come from.
type Parameters interface {
	// Read fills w, out rows of in numbers, a block at a time, and b, which is
	// nil when the layer has no bias.
	Read(w *f32.Matrix, b []float32) error
}

// NewDense makes a layer from in numbers to out, for so many rows of a frame.
func NewDense(in, out, rows int, biased bool, from Parameters) *Dense {
	return &Dense{in: in, out: out, rows: rows, biased: biased, from: from}
}

func (d *Dense) Bounded() {}

// Finishes says no: there is one other tensor for each frame of a batch.
func (d *Dense) Finishes() bool { return false }

func (d *Dense) Work() int64 { return int64(d.rows) * int64(d.in) * int64(d.out) }

func (d *Dense) String() string {
	if d.rows > 1 {
		return fmt.Sprintf("dense %d to %d, %d rows", d.in, d.out, d.rows)
	}
	return fmt.Sprintf("dense %d to %d", d.in, d.out)
}

func (d *Dense) Bytes() int64 {
	n := int64(d.in) * int64(d.out)
	if from, is := d.from.(*stored); is && from.weights.quantised != nil {
		return n + 4*int64(d.out)
	}
	if d.biased {
		n += int64(d.out)
	}
	return 4 * n
}

// Absorb takes over a scaling of the outputs.
func (d *Dense) Absorb(by Scaler, shape []int) bool {
	s, ok := by.scaling(shape, len(shape)-1)
	if !ok || s.normal && d.rows != 1 { // then its channels are the rows
		return false
	}
	d.append(s)
	return true
}

func (d *Dense) append(s scaling) {
	from := d.from.(*stored)
	from.after = append(from.after, s)
	d.biased = true
}

func (d *Dense) Load() (Kernel, error) {
	if from, is := d.from.(*stored); is && from.weights.quantised != nil {
		return from.loadNarrow(d.out, d.in)
	}
	m := f32.New(d.out, d.in)
	var bias []float32
	if d.biased {
		bias = make([]float32, d.out)
	}
	if err := d.from.Read(m, bias); err != nil {
		m.Free()
		return nil, err
	}
	k := &denseKernel{engine: newPacked(m)}
	k.w, k.transposed = k.engine.matrix()
	if bias != nil {
		k.bias = vector(bias)
	}
	return k, nil
}

// denseKernel has its weights in memory.
type denseKernel struct {
	engine        *packed
	w, transposed *tensor.Dense // [out in] and [in out], which the engine holds; nil where they are not float32
	bias          *tensor.Dense // [out], or nil

	y, x [1]*tensor.Dense // of one frame, kept here so that they are not allocated
}

var (
	_ Joint  = (*denseKernel)(nil)
	_ Shared = (*denseKernel)(nil)
	_ Freer  = (*denseKernel)(nil)
	_ Storer = (*denseKernel)(nil)
)

func (k *denseKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error {
	k.engine.finish(k.bias, with)
	if k.w == nil {
		k.y[0], k.x[0] = y, xs[0]
		return k.engine.all(k.y[:], k.x[:])
	}
	if y.Size() == k.w.Shape()[0] {
		return k.engine.MatVecMul(k.w, xs[0], y)
	}
	return k.engine.MatMul(xs[0], k.transposed, y)
}

func (k *denseKernel) ApplyAll(ys, xs []*tensor.Dense, with With) error {
	k.engine.finish(k.bias, with)
	return k.engine.all(ys, xs)
}

func (k *denseKernel) Store(f f32.Format) int {
	bytes := stores(f, k.engine.m)
	if k.engine.m.Format() != f32.Float32 {
		k.w, k.transposed = nil, nil // what they saw is gone
	}
	return bytes
}

func (k *denseKernel) Scratch(int) int { return 0 }
func (k *denseKernel) Free()           { k.engine.m.Free() }
