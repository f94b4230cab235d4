package model

import (
	"errors"
	"fmt"
	"time"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

var (
	// ErrNotResident is in the chain of errors about layers that Load has not
	// made resident.
	ErrNotResident = errors.New("not resident")

	// ErrLength is in the chain of errors about an input of the wrong length, or
	// about more frames than a batch may have.
	ErrLength = errors.New("wrong length")
)

// Options say what an executor may use. The zero value is one thread, and one
// frame at a time.
type Options struct {
	Threads int // that share a large layer
	Batch   int // most frames in one Run
}

// Executor computes layers of one network. One goroutine at a time calls it.
//
//	x ──copy──▶ activation from ──layer──▶ activation from+1 ──layer──▶ ··· activation to
//	               (arena 0)                  (arena 1)                   (0 or 1 by turns)
//
// A pointwise layer works in place: the activations before and behind it are the
// same memory. So a dense layer can do the work of the ReLU that follows it.
type Executor struct {
	net    *Network
	batch  int
	pool   *f32.Pool // nil: one thread
	layers []layer   // nil where not resident
	split  []split   // whether a layer is shared out over the pool

	act   [][]*tensor.Dense // act[i][f] enters layer i for frame f; nil unless a layer beside it is resident
	arena [2][]float32      // memory of the activations, frame by frame
	each  int               // elements of an arena for one frame
	out   [][]float32       // the results of the last Run

	ended time.Time // the last Run
	busy  bool      // this Run began right after the last one
}

// NewExecutor makes an executor with no layer resident. Close ends its threads.
func NewExecutor(n *Network, o Options) *Executor {
	e := &Executor{
		net: n, batch: max(1, o.Batch), layers: make([]layer, n.Len()), split: make([]split, n.Len()),
		act: make([][]*tensor.Dense, n.Len()+1),
	}
	if o.Threads > 1 {
		e.pool = f32.NewPool(o.Threads)
	}
	return e
}

// Close gives back memory and threads. Run, Load and Drop may not follow.
func (e *Executor) Close() {
	e.Drop(0, len(e.layers))
	if e.pool != nil {
		e.pool.Close()
	}
}

// Load makes the layers [from, to) resident, reading their weights; those
// already resident stay. After an error none is resident that was not before.
// A layer that is loaded for the first time is measured with one thread and
// with all, and keeps what is faster.
func (e *Executor) Load(from, to int) error {
	if err := e.read(from, to); err != nil {
		return err
	}
	return e.choose(from, to)
}

// read makes the layers [from, to) resident.
func (e *Executor) read(from, to int) error {
	if err := e.net.within(from, to); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	loaded := make([]layer, to-from)
	for i := range loaded {
		if loaded[i] = e.layers[from+i]; loaded[i] != nil {
			continue
		}
		recipe := e.net.steps[from+i].recipe
		var err error
		if loaded[i], err = recipe.load(); err != nil {
			for k, l := range loaded[:i] {
				if e.layers[from+k] == nil {
					release(l)
				}
			}
			return fmt.Errorf("load layer %d of %s (%v): %w", from+i, e.net.name, recipe, err)
		}
	}
	copy(e.layers[from:], loaded)
	e.plan()
	return nil
}

// Drop gives the memory of the layers [from, to) back; indices beyond the
// network mean nothing.
func (e *Executor) Drop(from, to int) {
	for i := max(from, 0); i < min(to, len(e.layers)); i++ {
		release(e.layers[i])
		e.layers[i] = nil
	}
	e.plan()
}

func release(l layer) {
	if j, ok := l.(joint); ok {
		j.free()
	}
}

// Resident says whether all layers [from, to) are resident. It is false for a
// range that the network does not have.
func (e *Executor) Resident(from, to int) bool {
	return e.net.within(from, to) == nil && e.missing(from, to) < 0
}

// missing is the first layer of [from, to) that is not resident, or -1.
func (e *Executor) missing(from, to int) int {
	for i := from; i < to; i++ {
		if e.layers[i] == nil {
			return i
		}
	}
	return -1
}

// plan lays out the activations beside the resident layers, by turns in two
// arenas of the size of the largest.
func (e *Executor) plan() {
	each := 0
	beside := func(i int) bool { return i > 0 && e.layers[i-1] != nil || i < len(e.layers) && e.layers[i] != nil }
	for i := range e.act {
		if beside(i) {
			each = max(each, volume(e.net.Shape(i)))
		}
	}
	if each != e.each {
		e.each = each
		e.arena = [2][]float32{make([]float32, e.batch*each), make([]float32, e.batch*each)}
		clear(e.act)
	}
	turn := 0
	for i := range e.act {
		if i > 0 {
			if _, same := e.net.steps[i-1].recipe.(pointwise); !same {
				turn = 1 - turn
			}
		}
		switch {
		case !beside(i):
			e.act[i] = nil
		case e.act[i] == nil:
			e.act[i] = e.activation(e.arena[turn], e.net.Shape(i))
		}
	}
}

// activation makes the tensors of one activation, one for each frame of a batch.
func (e *Executor) activation(arena []float32, shape []int) []*tensor.Dense {
	act := make([]*tensor.Dense, e.batch)
	for f := range act {
		memory := arena[f*e.each:][:volume(shape)]
		act[f] = tensor.New(tensor.WithShape(shape...), tensor.WithBacking(memory))
	}
	return act
}

// Run applies the layers [from, to), of which there is at least one, to the
// frames xs, of which there are at most Options.Batch: each is the elements of
// activation from in row-major order. It gives those of activation to. The
// results are valid until the next Run and may be its xs; any other xs are left
// as they are. It allocates nothing. Errors are ErrRange, ErrNotResident or
// ErrLength.
func (e *Executor) Run(xs [][]float32, from, to int) ([][]float32, error) {
	if err := e.admit(xs, from, to); err != nil {
		return nil, err
	}
	e.busy = time.Since(e.ended) < f32.Spin
	for f, x := range xs {
		copy(e.act[from][f].Float32s(), x)
	}
	for i := from; i < to; {
		n, err := e.apply(i, to, len(xs))
		if err != nil {
			return nil, fmt.Errorf("run layer %d of %s (%v): %w", i, e.net.name, e.net.steps[i].recipe, err)
		}
		i += n
	}
	e.ended = time.Now()
	e.out = e.out[:0]
	for f := range xs {
		e.out = append(e.out, e.act[to][f].Float32s())
	}
	return e.out, nil
}

// admit says why Run can't be done.
func (e *Executor) admit(xs [][]float32, from, to int) error {
	if err := e.net.within(from, to); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	if from == to {
		return fmt.Errorf("run layers %d to %d of %s: %w: at least one layer is wanted", from, to, e.net.name, ErrRange)
	}
	if i := e.missing(from, to); i >= 0 {
		return fmt.Errorf("run layers %d to %d of %s: layer %d is %w: load it first", from, to, e.net.name, i, ErrNotResident)
	}
	if len(xs) < 1 || len(xs) > e.batch {
		return fmt.Errorf("run layer %d of %s: %w: %d frames, 1 to %d are allowed", from, e.net.name, ErrLength, len(xs), e.batch)
	}
	want := volume(e.net.Shape(from))
	for _, x := range xs {
		if len(x) != want {
			return fmt.Errorf("run layer %d of %s: %w: %d numbers, want %d for shape %v (%q)",
				from, e.net.name, ErrLength, len(x), want, e.net.Shape(from), e.net.Tensor(from))
		}
	}
	return nil
}

// apply computes layer i, and a ReLU that follows it before to in the same go.
// It returns how many layers that was.
func (e *Executor) apply(i, to, frames int) (int, error) {
	ys, xs := e.act[i+1][:frames], e.act[i][:frames]
	if j, ok := e.layers[i].(joint); ok {
		bounds, n := f32.Linear, 1
		if i+1 < to {
			if _, follows := e.layers[i+1].(relu); follows {
				bounds, n = f32.ReLU, 2 // it works in place, so ys is where its results belong
			}
		}
		return n, j.applyAll(e.threads(i, frames), ys, xs, bounds)
	}
	for f := range ys {
		if err := e.layers[i].apply(ys[f], xs[f]); err != nil {
			return 0, err
		}
	}
	return 1, nil
}
