package model

import (
	"errors"
	"fmt"

	"gorgonia.org/tensor"
)

var (
	// ErrNotResident is in the chain of errors about layers that Load has not
	// made resident.
	ErrNotResident = errors.New("not resident")

	// ErrLength is in the chain of errors about an input of the wrong length.
	ErrLength = errors.New("wrong length")
)

// Executor computes layers of one network. One goroutine at a time calls it.
//
//	x ──copy──▶ activation from ──layer──▶ activation from+1 ──layer──▶ ··· activation to
//	               (arena 0)                  (arena 1)                   (0 or 1 by turns)
type Executor struct {
	net    *Network
	layers []layer         // nil where not resident
	act    []*tensor.Dense // act[i] enters layer i; nil unless a layer beside it is resident
	arena  [2][]float32    // memory of the even and of the odd activations
}

// NewExecutor makes an executor with no layer resident.
func NewExecutor(n *Network) *Executor {
	return &Executor{net: n, layers: make([]layer, n.Len()), act: make([]*tensor.Dense, n.Len()+1)}
}

// Load makes the layers [from, to) resident, reading their weights; those
// already resident stay. After an error none is resident that was not before.
func (e *Executor) Load(from, to int) error {
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
			return fmt.Errorf("load layer %d of %s (%v): %w", from+i, e.net.name, recipe, err)
		}
	}
	copy(e.layers[from:], loaded)
	e.plan()
	return nil
}

// Drop gives the memory of the layers [from, to) back to the garbage collector;
// indices beyond the network mean nothing.
func (e *Executor) Drop(from, to int) {
	for i := max(from, 0); i < min(to, len(e.layers)); i++ {
		e.layers[i] = nil
	}
	e.plan()
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

// plan lays out the activations beside the resident layers, in two arenas of
// the size of the largest.
func (e *Executor) plan() {
	size := 0
	beside := func(i int) bool { return i > 0 && e.layers[i-1] != nil || i < len(e.layers) && e.layers[i] != nil }
	for i := range e.act {
		if beside(i) {
			size = max(size, volume(e.net.Shape(i)))
		}
	}
	if size != len(e.arena[0]) {
		e.arena = [2][]float32{make([]float32, size), make([]float32, size)}
		clear(e.act)
	}
	for i := range e.act {
		shape := e.net.Shape(i)
		switch {
		case !beside(i):
			e.act[i] = nil
		case e.act[i] == nil:
			e.act[i] = tensor.New(tensor.WithShape(shape...), tensor.WithBacking(e.arena[i%2][:volume(shape)]))
		}
	}
}

// Run applies the layers [from, to), of which there is at least one, to x, the
// elements of activation from in row-major order, and gives those of activation
// to. The result is valid until the next Run and may be its x; any other x is
// left as it is. It allocates nothing. Errors are ErrRange, ErrNotResident or
// ErrLength.
func (e *Executor) Run(x []float32, from, to int) ([]float32, error) {
	if err := e.net.within(from, to); err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	if from == to {
		return nil, fmt.Errorf("run layers %d to %d of %s: %w: at least one layer is wanted", from, to, e.net.name, ErrRange)
	}
	if i := e.missing(from, to); i >= 0 {
		return nil, fmt.Errorf("run layers %d to %d of %s: layer %d is %w: load it first", from, to, e.net.name, i, ErrNotResident)
	}
	in := e.act[from].Float32s()
	if len(x) != len(in) {
		return nil, fmt.Errorf("run layer %d of %s: %w: %d numbers, want %d for shape %v (%q)",
			from, e.net.name, ErrLength, len(x), len(in), e.net.Shape(from), e.net.Tensor(from))
	}
	copy(in, x)
	for i := from; i < to; i++ {
		if err := e.layers[i].apply(e.act[i+1], e.act[i]); err != nil {
			return nil, fmt.Errorf("run layer %d of %s (%v): %w", i, e.net.name, e.net.steps[i].recipe, err)
		}
	}
	return e.act[to].Float32s(), nil
}
