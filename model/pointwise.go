package model

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// clamp bounds every element: Relu is the clamp at 0, Relu6 that in [0, 6]. NaN
// stays NaN. Where it can, the kernel before it does this on the way.
type clamp struct {
	weightless
	bounds f32.Clamp
	name   string
}

var relu = clamp{bounds: f32.ReLU, name: "relu"}

func (l clamp) inPlace()              {}
func (l clamp) bounded()              {}
func (l clamp) load() (kernel, error) { return l, nil }
func (l clamp) String() string        { return l.name }

// after is what c and then l do.
func (l clamp) after(c f32.Clamp) f32.Clamp {
	both := func(v float32) float32 { return min(max(v, l.bounds.Min), l.bounds.Max) }
	return f32.Clamp{Min: both(c.Min), Max: both(c.Max)}
}

func (l clamp) apply(y *tensor.Dense, xs []*tensor.Dense, with means) error {
	x := xs[0].Float32s()
	bound(y.Float32s()[:len(x)], x, clamp{bounds: with.clamp}.after(l.bounds))
	return nil
}

// bound gives x within c; y may be x.
func bound(y, x []float32, c f32.Clamp) {
	lo, hi := c.Min, c.Max
	for i, v := range x {
		y[i] = min(max(v, lo), hi)
	}
}

// curve applies a function of one number to every element.
type curve struct {
	weightless
	name string
	of   func(y, x []float32) // y may be x
}

func (l curve) inPlace()              {}
func (l curve) load() (kernel, error) { return l, nil }
func (l curve) String() string        { return l.name }

func (l curve) apply(y *tensor.Dense, xs []*tensor.Dense, _ means) error {
	x := xs[0].Float32s()
	l.of(y.Float32s()[:len(x)], x)
	return nil
}

func sigmoid(y, x []float32) {
	for i, v := range x {
		y[i] = float32(1 / (1 + math.Exp(-float64(v))))
	}
}

func tanh(y, x []float32) {
	for i, v := range x {
		y[i] = float32(math.Tanh(float64(v)))
	}
}

// leakyRelu is x where it is positive, and slope x elsewhere.
func leakyRelu(slope float32) func(y, x []float32) {
	return func(y, x []float32) {
		for i, v := range x {
			if v < 0 {
				v *= slope
			}
			y[i] = v
		}
	}
}

// hardSigmoid is alpha x + beta within [0, 1].
func hardSigmoid(alpha, beta float32) func(y, x []float32) {
	return func(y, x []float32) {
		for i, v := range x {
			y[i] = min(max(alpha*v+beta, 0), 1)
		}
	}
}

// hardSwish is x hardSigmoid(x), with alpha 1/6 and beta 1/2.
func hardSwish(y, x []float32) {
	for i, v := range x {
		y[i] = v * min(max(v/6+0.5, 0), 1)
	}
}

// softmax gives exp(x) / sum(exp(x)) along one axis: x is [outer along inner].
// The largest is subtracted first, so that no finite input overflows.
type softmax struct {
	weightless
	outer, along, inner int
}

func (l softmax) inPlace()              {}
func (l softmax) load() (kernel, error) { return l, nil }
func (l softmax) String() string        { return fmt.Sprintf("softmax over %d", l.along) }

func (l softmax) apply(y *tensor.Dense, xs []*tensor.Dense, _ means) error {
	x, z := xs[0].Float32s(), y.Float32s()
	for o := range l.outer {
		for i := range l.inner {
			at := o*l.along*l.inner + i
			last := at + (l.along-1)*l.inner
			normalise(z[at:last+1], x[at:last+1], l.inner)
		}
	}
	return nil
}

// normalise takes every step-th element.
func normalise(y, x []float32, step int) {
	top := x[0]
	for i := 0; i < len(x); i += step {
		top = max(top, x[i])
	}
	sum := 0.0
	for i := 0; i < len(x); i += step {
		e := math.Exp(float64(x[i] - top))
		y[i] = float32(e)
		sum += e
	}
	for i := 0; i < len(x); i += step {
		y[i] = float32(float64(y[i]) / sum)
	}
}

// lrn divides by a power of the squares of neighbouring channels (local
// response normalisation, Krizhevsky et al. 2012): x is [channels plane].
type lrn struct {
	weightless
	channels, plane, size int
	alpha, beta, bias     float64
}

func (l lrn) load() (kernel, error) { return l, nil }
func (l lrn) String() string        { return fmt.Sprintf("lrn over %d channels", l.size) }

func (l lrn) apply(y *tensor.Dense, xs []*tensor.Dense, _ means) error {
	x, z := xs[0].Float32s(), y.Float32s()
	for c := range l.channels {
		first, last := max(0, c-(l.size-1)/2), min(l.channels-1, c+l.size/2)
		for p := range l.plane {
			sum := 0.0
			for n := first; n <= last; n++ {
				v := float64(x[n*l.plane+p])
				sum += v * v
			}
			base := l.bias + l.alpha/float64(l.size)*sum
			z[c*l.plane+p] = float32(float64(x[c*l.plane+p]) / math.Pow(base, l.beta))
		}
	}
	return nil
}
