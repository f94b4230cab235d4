package model

import (
	"fmt"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// elementwise combines two tensors element by element; each is repeated along the
// dimensions in which it has one element and the other more.
type elementwise struct {
	name     string
	walk     nest      // y, a, b
	constant *constant // one of the two that is in the file, or nil
	first    bool      // it is a
}

func (l *elementwise) inPlace()    {}
func (l *elementwise) bounded()    {}
func (l *elementwise) work() int64 { return 0 }
func (l *elementwise) bytes() int64 {
	if l.constant == nil {
		return 0
	}
	return 4 * l.constant.volume()
}
func (l *elementwise) String() string { return l.name }

func (l *elementwise) load() (kernel, error) {
	k := &elementwiseKernel{elementwise: l, walk: l.walk, of: arithmetic[l.name]}
	k.walk.count = make([]int, len(l.walk.dims))
	if l.constant != nil {
		c, err := l.constant.floats()
		if err != nil {
			return nil, err
		}
		k.held = tensor.New(tensor.WithShape(len(c)), tensor.WithBacking(c))
	}
	return k, nil
}

type elementwiseKernel struct {
	*elementwise
	walk nest
	held *tensor.Dense
	of   func(y, a, b []float32, sa, sb int)
}

func (k *elementwiseKernel) apply(y *tensor.Dense, xs []*tensor.Dense, with means) error {
	z := y.Float32s()
	var a, b []float32
	switch {
	case k.held != nil && k.first:
		a, b = k.held.Float32s(), xs[0].Float32s()
	case k.held != nil:
		a, b = xs[0].Float32s(), k.held.Float32s()
	default:
		a, b = xs[0].Float32s(), xs[1].Float32s()
	}
	n, move := k.walk.inner()
	for at := [3]int{}; ; {
		line := z[at[0]:][:n]
		k.of(line, a[at[1]:], b[at[2]:], move[1], move[2])
		if with.clamp != f32.Linear {
			bound(line, line, with.clamp)
		}
		if !k.walk.next(&at) {
			return nil
		}
	}
}

// arithmetic is what a line of y is made with. sa and sb say how a and b move:
// one element at a time, or not at all.
var arithmetic = map[string]func(y, a, b []float32, sa, sb int){
	"add": func(y, a, b []float32, sa, sb int) {
		if sa == 1 && sb == 1 {
			a, b = a[:len(y)], b[:len(y)]
			for i := range y {
				y[i] = a[i] + b[i]
			}
			return
		}
		for i := range y {
			y[i] = a[i*sa] + b[i*sb]
		}
	},
	"subtract": func(y, a, b []float32, sa, sb int) {
		for i := range y {
			y[i] = a[i*sa] - b[i*sb]
		}
	},
	"multiply": func(y, a, b []float32, sa, sb int) {
		if sa == 1 && sb == 1 {
			a, b = a[:len(y)], b[:len(y)]
			for i := range y {
				y[i] = a[i] * b[i]
			}
			return
		}
		for i := range y {
			y[i] = a[i*sa] * b[i*sb]
		}
	},
	"divide": func(y, a, b []float32, sa, sb int) {
		for i := range y {
			y[i] = a[i*sa] / b[i*sb]
		}
	},
	"minimum": func(y, a, b []float32, sa, sb int) {
		for i := range y {
			y[i] = min(a[i*sa], b[i*sb])
		}
	},
	"maximum": func(y, a, b []float32, sa, sb int) {
		for i := range y {
			y[i] = max(a[i*sa], b[i*sb])
		}
	},
}

// broadcast is the shape of the result of two shapes, or says why there is none.
func broadcast(a, b []int) ([]int, error) {
	dims := make([]int, max(len(a), len(b)))
	for i := range dims {
		da, db := along(a, len(dims), i), along(b, len(dims), i)
		if da != db && da != 1 && db != 1 {
			return nil, fmt.Errorf("%w: shapes %v and %v do not fit one another", ErrMalformed, a, b)
		}
		if dims[i] = da; da == 1 {
			dims[i] = db
		}
	}
	return dims, nil
}

// along is dimension i of dims, as if these were rank many.
func along(dims []int, rank, i int) int {
	if i -= rank - len(dims); i >= 0 {
		return dims[i]
	}
	return 1
}

// together is the walk over y, a and b.
func together(y, a, b []int) nest {
	rank := len(y)
	pad := func(dims []int) []int {
		full := make([]int, rank)
		for i := range full {
			full[i] = along(dims, rank, i)
		}
		return strides(full)
	}
	sy, sa, sb := pad(y), pad(a), pad(b)
	moves := make([][3]int, rank)
	for i := range moves {
		moves[i] = [3]int{sy[i], sa[i], sb[i]}
	}
	return newNest(y, moves)
}
