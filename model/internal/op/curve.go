package op

import (
	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// curve applies a function of one number to every element.
type curve struct {
	weightless
	name   string
	of     func(y, x []float32) // y may be x
	vector f32.Function         // what of is; the zero value where there are no kernels for it
}

func (l curve) InPlace()              {}
func (l curve) Load() (Kernel, error) { return l, nil }
func (l curve) String() string        { return l.name }

// Function is what a kernel before it may apply to its results.
func (l curve) Function() f32.Function { return l.vector }

func (l curve) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x := xs[0].Float32s()
	l.of(y.Float32s()[:len(x)], x)
	return nil
}

// inVectors is a curve that there are kernels for.
func inVectors(name string, f f32.Function) curve { return curve{name: name, of: f.Apply, vector: f} }

// smooth reads an operator that applies a function of which there are kernels.
func smooth(name string, f f32.Function) Operator {
	return Operator{Read: func(n *Node) error { return n.each(inVectors(name, f)) }}
}
