package model

import (
	"fmt"

	"gorgonia.org/tensor"
)

// reshape gives the same elements another shape.
type reshape struct {
	weightless
	name string
	to   []int
}

func (l reshape) offset() (int, bool)   { return 0, true }
func (l reshape) load() (kernel, error) { return move{}, nil }
func (l reshape) String() string        { return fmt.Sprintf("%s to %v", l.name, l.to) }

// transpose gives the dimensions another order.
type transpose struct {
	weightless
	order []int
	walk  nest // y, x
}

// newTranspose makes dimension i of the result dimension order[i] of dims.
func newTranspose(dims, order []int) *transpose {
	to := make([]int, len(dims))
	for i, o := range order {
		to[i] = dims[o]
	}
	sx, sy := strides(dims), strides(to)
	moves := make([][3]int, len(dims))
	for i, o := range order {
		moves[i] = [3]int{sy[i], sx[o]}
	}
	return &transpose{order: order, walk: newNest(to, moves)}
}

func (l *transpose) String() string { return fmt.Sprintf("transpose %v", l.order) }

// offset says that nothing moves, when only dimensions of 1 change places.
func (l *transpose) offset() (int, bool) {
	_, move := l.walk.inner()
	return 0, len(l.walk.dims) == 1 && move[0] == move[1]
}

func (l *transpose) load() (kernel, error) {
	k := &transposeKernel{walk: l.walk}
	k.walk.count = make([]int, len(l.walk.dims))
	return k, nil
}

type transposeKernel struct{ walk nest }

func (k *transposeKernel) apply(y *tensor.Dense, xs []*tensor.Dense, _ means) error {
	x, z := xs[0].Float32s(), y.Float32s()
	n, move := k.walk.inner()
	for at := [3]int{}; ; {
		line := z[at[0]:][:n]
		if move[1] == 1 {
			copy(line, x[at[1]:])
		} else {
			from := x[at[1]:]
			for i := range line {
				line[i] = from[i*move[1]]
			}
		}
		if !k.walk.next(&at) {
			return nil
		}
	}
}

// concat puts tensors one after another along one axis: input i is [outer
// widths[i]], the result [outer sum].
type concat struct {
	weightless
	outer  int
	widths []int
}

func (l concat) load() (kernel, error) { return l, nil }
func (l concat) String() string        { return fmt.Sprintf("concat of %d", len(l.widths)) }

func (l concat) offsets() ([]int, bool) {
	at, offsets := 0, make([]int, len(l.widths))
	for i, w := range l.widths {
		offsets[i] = at
		at += w
	}
	return offsets, l.outer == 1
}

func (l concat) apply(y *tensor.Dense, xs []*tensor.Dense, _ means) error {
	z := y.Float32s()
	width := 0
	for _, w := range l.widths {
		width += w
	}
	at := 0
	for i, w := range l.widths {
		x := xs[i].Float32s()
		for o := range l.outer {
			if to := z[o*width+at:][:w]; &to[0] != &x[o*w] { // it was made where it belongs
				copy(to, x[o*w:])
			}
		}
		at += w
	}
	return nil
}
