package model

import (
	"fmt"

	"gorgonia.org/tensor"
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
	// read fills w, out rows of in numbers, and b, which is nil when the layer
	// has no bias.
	read(w, b []float32) error
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
	w := make([]float32, d.in*d.out)
	l := &denseLayer{w: tensor.New(tensor.WithShape(d.out, d.in), tensor.WithBacking(w), tensor.WithEngine(engine{}))}
	var b []float32
	if d.biased {
		b = make([]float32, d.out)
		l.b = tensor.New(tensor.WithShape(d.out), tensor.WithBacking(b))
	}
	if err := d.from.read(w, b); err != nil {
		return nil, err
	}
	return l, nil
}

// denseLayer has its weights in memory.
type denseLayer struct {
	w *tensor.Dense // [out in]
	b *tensor.Dense // [out], or nil
}

func (l *denseLayer) apply(y, x *tensor.Dense) error { return engine{}.affine(y, l.w, x, l.b) }
