package model

import (
	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// layer is what computes: one activation in, one out.
type layer interface {
	// apply computes y from x for one frame. The executor owns both; they have
	// the shapes that the recipe gave, lie in row-major order, and either do not
	// overlap or, for a layer that is pointwise, are the same memory. It
	// allocates nothing.
	apply(y, x *tensor.Dense) error
}

// joint is a layer that is cheaper for several frames at once, on several
// threads, and with the clamp of the ReLU that may follow.
type joint interface {
	layer
	// applyAll is apply for each frame of a batch, bounded by c. A nil pool is
	// the calling goroutine alone.
	applyAll(pool *f32.Pool, ys, xs []*tensor.Dense, c f32.Clamp) error
	// free gives the memory of the weights back at once. The layer is not to be
	// used afterwards.
	free()
}

// pointwise is a layer whose every output depends on its own input, so that it
// needs no memory of its own: y may be x.
type pointwise interface {
	layer
	inPlace()
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
// multiply-adds, and which work in place.
type free struct{}

func (free) work() int64  { return 0 }
func (free) bytes() int64 { return 0 }
func (free) inPlace()     {}
