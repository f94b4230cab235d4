// Package op is the operators of ONNX: how a node of each is read, what it gives
// and costs, and the kernel that computes it. One file is one operator, or one
// family that shares a kernel; table.go lists them all.
//
//	          reads                     loads
//	Node ───────────────▶ Operation ───────────▶ Kernel ── Apply(y, xs, with)
//	inputs, attributes    shape, cost            weights in memory
//	     │
//	     └── of constants alone: a Constant
//
// Tensors are those of gorgonia.org/tensor, in the shapes that ONNX gives them,
// the batch dimension of 1 in front. A kernel reads shapes and strides from
// them; the arithmetic is in model/internal/f32.
//
// # A new operator
//
// Write one file with a function that reads a node and calls Node.give, and put
// it into the table:
//
//	func double(n *Node) error { return n.each(curve{name: "double", of: twice}) }
package op

import (
	"errors"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
	"tandem/model/internal/onnx"
)

var (
	// ErrMalformed is in the chain of errors about a node that breaks the rules
	// of its operator.
	ErrMalformed = onnx.ErrMalformed

	// ErrUnsupported is in the chain of errors about a node that is sound but has
	// a form that this package does not compute.
	ErrUnsupported = errors.New("not supported")

	// ErrIndex is in the chain of errors about an index in a frame, such as a token,
	// that the tensor it is for does not have.
	ErrIndex = errors.New("out of range")
)

// Limits on what a node may ask for, far above the networks a Pi can run.
const (
	maxElements = 1 << 28 // numbers in a weight matrix: 1 GiB

	MaxVolume = 1 << 24 // numbers in an activation: 64 MiB
	MaxRank   = 8       // dimensions of an activation
)

// Operator is how the nodes of one ONNX operator are read. What a node gives it
// tells by Node.give, Node.same or Node.known.
type Operator struct {
	Read func(*Node) error // at least one input depends on the frame
	Fold func(*Node) error // no input does; nil: as Read, see fold.go
}

// Operation is what one node of the graph computes: shapes and attributes are
// settled, the weights are still in the file.
type Operation interface {
	Work() int64           // multiply-adds for one frame
	Bytes() int64          // what its weights, and the memory of its kernel, take when resident
	Load() (Kernel, error) // reads the weights
	String() string        // such as "dense 100 to 2000"
}

// Kernel is an operation with its weights in memory.
type Kernel interface {
	// Apply computes y from xs for one frame, and the results behind y in
	// with.More. The caller owns them all; they have the shapes that were settled
	// when the node was read. y overlaps an input only where the operation allows
	// it, see InPlace and Joins, and a result behind it never. Apply allocates
	// nothing.
	Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error
}

// With is what a kernel may use beside its tensors.
type With struct {
	Clamp   f32.Clamp       // bounds of the results; Linear, unless the operation is Bounded
	Then    f32.Epilogue    // what becomes of them; nothing, unless the operation is Finishing
	More    []*tensor.Dense // the results behind y, of an operation that gives several
	Team    *f32.Team       // nil: the calling goroutine alone
	Scratch []float32       // as many as the kernel said that it needs
}

// A kernel may have more to it.
type (
	// Joint is a kernel that is cheaper for several frames at once.
	Joint interface {
		// ApplyAll is Apply for each frame of a batch; xs are the frames' only
		// inputs.
		ApplyAll(ys, xs []*tensor.Dense, with With) error
	}

	// Shared is a kernel that can use a team of threads.
	Shared interface {
		// Scratch is how many floats Apply needs with so many threads.
		Scratch(threads int) int
	}

	// Freer is a kernel with memory that is not Go's to collect. It is not to be
	// used afterwards.
	Freer interface{ Free() }

	// Storer is a kernel that can keep its weights in fewer bits.
	Storer interface {
		// Store brings them into a format, and gives the bytes that they take then.
		// It leaves as they are those that the format can't hold, and those of a
		// layer so small that a cache holds them: it would not become faster.
		Store(f f32.Format) int
	}
)

// Fewer weights stay float32. So many take 256 KB, and those that are in the cache are
// not read faster in another format; multiplied in half precision they are.
func fewWeights(f f32.Format) int {
	if f == f32.Float16Arithmetic {
		return 1 << 9
	}
	return 1 << 16
}

// stores brings the weights of a layer into a format, and gives their bytes.
func stores(f f32.Format, layer ...*f32.Matrix) (bytes int) {
	for _, m := range layer {
		if m.Rows()*m.Cols() >= fewWeights(f) {
			m.Store(f)
		}
		bytes += m.Bytes()
	}
	return bytes
}

// An operation may have more to it.
type (
	// Sampled operations do the same with each of so many samples of a frame, which
	// lie along the first dimension of their tensors: the kernel gets one at a time.
	Sampled interface{ Samples() int }

	// Bounded operations apply With.Clamp, and so do the work of a ReLU behind
	// them.
	Bounded interface{ Bounded() }

	// Clamping operations do nothing but bound their input, and so can be left to
	// a Bounded one before them.
	Clamping interface {
		// After is what c and then this operation do.
		After(c f32.Clamp) f32.Clamp
	}

	// Finishing operations apply With.Then, and so do the work of a function, or of
	// the sum with another tensor of the same shape, behind them while their
	// results are in the cache.
	Finishing interface {
		// Finishes says whether With.Then may have another tensor.
		Finishes() (another bool)
	}

	// Curved operations apply a function to each number, and so can be left to a
	// Finishing one before them, unless it is the zero value.
	Curved interface{ Function() f32.Function }

	// Paired operations combine two tensors element by element; those of one shape
	// can be left to a Finishing one that makes either of them.
	Paired interface {
		// Pair says how; a and b may change places.
		Pair() (pair f32.Pair, ok bool)
	}

	// InPlace operations may have y in the memory of any input of y's length.
	InPlace interface{ InPlace() }

	// View operations compute nothing, where they can: y is what lies in the memory
	// of x from element offset on, seen by another access pattern. Elements that
	// y has next to one another may then lie apart.
	View interface {
		View(x *tensor.AP) (y *tensor.AP, offset int, ok bool)
	}

	// Mover operations may do nothing but move elements, whatever these are.
	Mover interface{ Moves() bool }

	// Strided operations have kernels that take inputs whose elements lie apart;
	// others need them in row-major order, without gaps.
	Strided interface{ Strided() }

	// Joins operations put their inputs, of these shapes, one after another: input
	// i, made at element offsets[i] of y in the first place, needs no copy.
	Joins interface {
		Offsets(shapes [][]int) (offsets []int, ok bool)
	}

	// Roomy operations have a faster form that takes more memory.
	Roomy interface {
		// Room is how many bytes more, and about how much time that saves for each
		// frame, in any unit; 0 if there is no such form.
		Room() (bytes int64, saved float64)
		// Take settles the operation on it. It is called before Load.
		Take()
	}

	// Scaler operations may be no more than a factor and a summand for each
	// channel.
	Scaler interface {
		// scaling says so, where the channels are dimension axis of the shape.
		scaling(shape []int, axis int) (scaling, bool)
	}

	// Absorber operations can do the work of a Scaler behind them with their
	// weights.
	Absorber interface {
		// Absorb takes it over, if it can; shape is that of its own result.
		Absorb(by Scaler, shape []int) bool
	}
)

// Samples is how many samples of a frame the kernel of an operation gets one by
// one; 1: it gets whole tensors.
func Samples(o Operation) int {
	if s, is := o.(Sampled); is {
		return s.Samples()
	}
	return 1
}

// weightless is embedded in operations that have neither weights nor
// multiply-adds.
type weightless struct{}

func (weightless) Work() int64  { return 0 }
func (weightless) Bytes() int64 { return 0 }

// Volume is the number of elements of a tensor.
func Volume(shape []int) int {
	v := 1
	for _, d := range shape {
		v *= d
	}
	return v
}
