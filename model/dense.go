package model

import (
	"fmt"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// dense is the recipe of a fully connected layer: y = W x + b, x of shape [in],
// y of shape [out].
type dense struct {
	in, out int
	biased  bool
	from    parameters
}

// parameters is where the weights of a dense layer come from.
type parameters interface {
	// read fills w, out rows of in numbers, a block at a time, and b, which is
	// nil when the layer has no bias.
	read(w *f32.Matrix, b []float32) error
}

func (d *dense) shape() []int   { return []int{d.out} }
func (d *dense) work() int64    { return int64(d.in) * int64(d.out) }
func (d *dense) String() string { return fmt.Sprintf("dense %d to %d", d.in, d.out) }

func (d *dense) bytes() int64 {
	n := d.work()
	if d.biased {
		n += int64(d.out)
	}
	return 4 * n
}

func (d *dense) load() (layer, error) {
	m := f32.New(d.out, d.in)
	l := &denseLayer{engine: &packed{m: m}}
	var b []float32
	if d.biased {
		b = make([]float32, d.out)
		l.b = tensor.New(tensor.WithShape(d.out), tensor.WithBacking(b))
	}
	if err := d.from.read(m, b); err != nil {
		m.Free()
		return nil, err
	}
	l.w = tensor.New(tensor.WithShape(m.Panels(), d.in, m.Width()), tensor.WithBacking(m.Data()), tensor.WithEngine(l.engine))
	return l, nil
}

// denseLayer has its weights in memory.
type denseLayer struct {
	w      *tensor.Dense // [panels in width], as package f32 lays out [out in]
	b      *tensor.Dense // [out], or nil
	engine *packed
}

var _ joint = (*denseLayer)(nil)

func (l *denseLayer) apply(y, x *tensor.Dense) error {
	return l.engine.affine(nil, []*tensor.Dense{y}, []*tensor.Dense{x}, l.b, f32.Linear)
}

func (l *denseLayer) applyAll(pool *f32.Pool, ys, xs []*tensor.Dense, c f32.Clamp) error {
	return l.engine.affine(pool, ys, xs, l.b, c)
}

func (l *denseLayer) free() { l.engine.m.Free() }
