package model

import (
	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// operation is what one node of the graph computes: shapes and attributes are
// settled, the weights are still in the file.
type operation interface {
	work() int64           // multiply-adds for one frame
	bytes() int64          // what its weights take when resident
	load() (kernel, error) // reads the weights
	String() string        // such as "dense 100 to 2000"
}

// kernel is an operation with its weights in memory.
type kernel interface {
	// apply computes y from xs for one frame. The executor owns them all; they
	// have the shapes that the importer settled, and lie in row-major order. y
	// overlaps an input only where the operation allows it, see inPlace and
	// joins. It allocates nothing.
	apply(y *tensor.Dense, xs []*tensor.Dense, with means) error
}

// means is what a kernel may use beside its tensors.
type means struct {
	clamp   f32.Clamp // bounds of the results; Linear, unless the operation is bounded
	pool    *f32.Team // nil: the calling goroutine alone
	scratch []float32 // as many as the kernel said that it needs
}

// A kernel may have more to it.
type (
	// joint is a kernel that is cheaper for several frames at once.
	joint interface {
		// applyAll is apply for each frame of a batch; xs are the frames' only
		// inputs.
		applyAll(ys, xs []*tensor.Dense, with means) error
	}

	// shared is a kernel that can use a pool.
	shared interface {
		// scratch is how many floats apply needs with so many threads.
		scratch(threads int) int
	}

	// freer is a kernel with memory that is not Go's to collect. It is not to be
	// used afterwards.
	freer interface{ free() }
)

// An operation may have more to it.
type (
	// bounded operations apply means.clamp, and so do the work of a ReLU behind
	// them.
	bounded interface{ bounded() }

	// inPlace operations may have y in the memory of any input of y's length.
	inPlace interface{ inPlace() }

	// view operations compute nothing: y is a part of the input's memory, from
	// offset on.
	view interface{ offset() (int, bool) }

	// joins operations put their inputs one after another: input i, placed at
	// element offsets()[i] of y in the first place, needs no copy.
	joins interface{ offsets() ([]int, bool) }
)

// weightless is embedded in operations that have neither weights nor
// multiply-adds.
type weightless struct{}

func (weightless) work() int64  { return 0 }
func (weightless) bytes() int64 { return 0 }
