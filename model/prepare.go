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
	first, last := e.net.ends[from], e.net.ends[to]
	kernels := make([]op.Kernel, last-first)
	for i := range kernels {
		if kernels[i], err = e.net.nodes[first+i].Load(); err != nil {
			release(kernels[:i])
			return nil, fmt.Errorf("prepare layers %d to %d of %s (%v): %w", from, to, e.net.name, e.net.nodes[first+i].Operation, err)
		}
	}
	return func() error { return e.adopt(from, to, kernels) }, nil
}

// adopt makes the layers [from, to) resident with kernels that are loaded; those
// already resident stay.
func (e *Executor) adopt(from, to int, kernels []op.Kernel) error {
	var fresh []int
	for l := from; l < to; l++ {
		mine := kernels[e.net.ends[l]-e.net.ends[from] : e.net.ends[l+1]-e.net.ends[from]]
		if e.resident[l] {
			release(mine)
			continue
		}
		e.resident[l] = true
		fresh = append(fresh, l)
		copy(e.kernels[e.net.ends[l]:], mine)
	}
	if from == to {
		return nil
	}
	if _, err := e.plan(from, to); err != nil {
		e.drop(fresh)
		return err
	}
	return e.choose(from, to)
}

// release gives back the memory of kernels that are no longer used.
func release(kernels []op.Kernel) {
	for _, k := range kernels {
		if f, ok := k.(op.Freer); ok {
			f.Free()
		}
	}
}
