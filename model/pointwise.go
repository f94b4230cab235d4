package model

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"
)

// relu gives max(0, x), element by element; NaN stays NaN.
type relu struct {
	free
	dims []int
}

func (l relu) shape() []int         { return l.dims }
func (l relu) load() (layer, error) { return l, nil }
func (l relu) String() string       { return fmt.Sprintf("relu %v", l.dims) }

func (l relu) apply(y, x *tensor.Dense) error {
	xs := x.Float32s()
	ys := y.Float32s()[:len(xs)]
	for i, v := range xs {
		ys[i] = max(v, 0)
	}
	return nil
}

// softmax gives exp(x) / sum(exp(x)) over each group of so many consecutive
// elements. The largest of a group is subtracted first, so that no finite input
// overflows.
type softmax struct {
	free
	dims  []int
	group int
}

func (l softmax) shape() []int         { return l.dims }
func (l softmax) load() (layer, error) { return l, nil }
func (l softmax) String() string       { return fmt.Sprintf("softmax %v over %d", l.dims, l.group) }

func (l softmax) apply(y, x *tensor.Dense) error {
	xs := x.Float32s()
	ys := y.Float32s()[:len(xs)]
	for len(xs) > 0 {
		normalise(ys[:l.group], xs[:l.group])
		xs, ys = xs[l.group:], ys[l.group:]
	}
	return nil
}

func normalise(y, x []float32) {
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	sum := 0.0
	for i, v := range x {
		e := math.Exp(float64(v - top))
		y[i] = float32(e)
		sum += e
	}
	for i, v := range y {
		y[i] = float32(float64(v) / sum)
	}
}

// flatten gives the same elements as one row.
type flatten struct {
	free
	from []int
}

func (l flatten) shape() []int         { return []int{volume(l.from)} }
func (l flatten) load() (layer, error) { return l, nil }
func (l flatten) String() string       { return fmt.Sprintf("flatten %v", l.from) }

func (l flatten) apply(y, x *tensor.Dense) error {
	copy(y.Float32s(), x.Float32s())
	return nil
}
