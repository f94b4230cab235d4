package model

import (
	"fmt"

	"tandem/model/internal/op"
)

// Prepare reads the weights of the layers [from, to). It may be called beside
// the other methods, by another goroutine; install, which may not, makes them
// resident. So a switch need not hold up the frames.
func (e *Executor) Prepare(from, to int) (install func() error, err error) {
	if err := e.net.within(from, to); err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	kernels := make([]op.Kernel, to-from)
	for i := range kernels {
		if kernels[i], err = e.net.nodes[from+i].Load(); err != nil {
			release(kernels[:i])
			return nil, fmt.Errorf("prepare layers %d to %d of %s (%v): %w", from, to, e.net.name, e.net.nodes[from+i].Operation, err)
		}
		if s, is := kernels[i].(op.Storer); is && e.weights != Float32 {
			s.Store(e.weights)
		}
	}
	return func() error { return e.adopt(from, to, kernels) }, nil
}

// adopt makes the layers [from, to) resident with kernels that are loaded; those
// already resident stay.
func (e *Executor) adopt(from, to int, kernels []op.Kernel) error {
	var fresh []int
	for l := from; l < to; l++ {
		if e.resident[l] {
			release(kernels[l-from : l-from+1])
			continue
		}
		e.resident[l], e.kernels[l] = true, kernels[l-from]
		fresh = append(fresh, l)
	}
	if from == to {
		return nil
	}
	if _, err := e.plan(from, to); err != nil {
		e.drop(fresh)
		return err
	}
	e.share(fresh)
	return nil
}

// release gives back the memory of kernels that are no longer used.
func release(kernels []op.Kernel) {
	for _, k := range kernels {
		if f, ok := k.(op.Freer); ok {
			f.Free()
		}
	}
}
