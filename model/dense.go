package model

import (
	"fmt"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// dense is a fully connected layer: y = W x + b for each row x of a frame,
// x of in numbers and y of out.
type dense struct {
	in, out, rows int
	biased        bool
	from          parameters
}

// parameters is where the weights of a dense layer come from.
type parameters interface {
	// read fills w, out rows of in numbers, a block at a time, and b, which is
	// nil when the layer has no bias.
	read(w *f32.Matrix, b []float32) error
}

func (d *dense) bounded()    {}
func (d *dense) work() int64 { return int64(d.rows) * int64(d.in) * int64(d.out) }

func (d *dense) String() string {
	if d.rows > 1 {
		return fmt.Sprintf("dense %d to %d, %d rows", d.in, d.out, d.rows)
	}
	return fmt.Sprintf("dense %d to %d", d.in, d.out)
}

func (d *dense) bytes() int64 {
	n := int64(d.in) * int64(d.out)
	if d.biased {
		n += int64(d.out)
	}
	return 4 * n
}

func (d *dense) load() (kernel, error) {
	m := f32.New(d.out, d.in)
	l := &denseKernel{engine: newPacked(m), rows: d.rows}
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

// denseKernel has its weights in memory.
type denseKernel struct {
	w      *tensor.Dense // [panels in width], as package f32 lays out [out in]
	b      *tensor.Dense // [out], or nil
	engine *packed
	rows   int
}

var (
	_ joint  = (*denseKernel)(nil)
	_ shared = (*denseKernel)(nil)
	_ freer  = (*denseKernel)(nil)
)

func (l *denseKernel) apply(y *tensor.Dense, xs []*tensor.Dense, with means) error {
	l.engine.clear()
	if err := l.engine.add(y, xs[0], l.rows); err != nil {
		return err
	}
	return l.engine.affine(l.b, with)
}

func (l *denseKernel) applyAll(ys, xs []*tensor.Dense, with means) error {
	l.engine.clear()
	for f := range ys {
		if err := l.engine.add(ys[f], xs[f], l.rows); err != nil {
			return err
		}
	}
	return l.engine.affine(l.b, with)
}

func (l *denseKernel) scratch(int) int { return 0 }
func (l *denseKernel) free()           { l.engine.m.Free() }
