package model

import "gorgonia.org/tensor"

// layer is what computes: one activation in, one out.
type layer interface {
	// apply computes y from x and leaves x alone. The executor owns both; they
	// have the shapes that the recipe gave, lie in row-major order, and do not
	// overlap. It allocates nothing.
	apply(y, x *tensor.Dense) error
}

// recipe is a layer as the network describes it, before its weights are read.
// One without weights is its own layer.
type recipe interface {
	shape() []int         // of the activation it gives
	work() int64          // multiply-adds for one frame
	bytes() int64         // what its weights take when resident
	load() (layer, error) // reads the weights
	String() string       // such as "dense 100 to 2000"
}

// free is embedded in recipes whose layers have neither weights nor
// multiply-adds.
type free struct{}

func (free) work() int64  { return 0 }
func (free) bytes() int64 { return 0 }
