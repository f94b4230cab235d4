package op

import (
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

func maxPool(n *Node) error {
	s, err := n.pooled()
	if err != nil {
		return err
	}
	if len(n.Outputs) > 1 && n.Outputs[1] != "" {
		return n.argPool(s)
	}
	return n.pool(s, poolKind{name: "max pool", first: math.Inf(-1), add: func(a, v float64) float64 { return max(a, v) }})
}

func averagePool(n *Node) error {
	s, err := n.pooled()
	if err != nil {
		return err
	}
	return n.pool(s, poolKind{
		name: "average pool", counted: true,
		add:  func(a, v float64) float64 { return a + v },
		last: func(a, count float64) float64 { return a / max(1, count) },
	})
}

// pooled reads the window of a pool.
func (n *Node) pooled() (s spatial, err error) {
	shape, err := n.only()
	if err != nil {
		return s, err
	}
	kernel := n.Attribute("kernel_shape")
	if kernel == nil {
		return s, fmt.Errorf("%w: kernel_shape is missing", ErrMalformed)
	}
	return n.spatial(shape, kernel.Ints, true)
}

// pool gives the fast kernel where there is one.
func (n *Node) pool(s spatial, kind poolKind) error {
	shape := n.In[0].Shape
	to := append([]int{shape[0], shape[1]}, s.out...)
	kind.padded = n.Int("count_include_pad", 0) != 0
	flat, is := s.flat()
	if !is || kind.name != "max pool" && kind.name != "average pool" {
		return n.give(directPoolOp{spatial: s, poolKind: kind}, to, 0)
	}
	if err := flat.affordable(shape[0] * shape[1]); err != nil {
		return err
	}
	p := &poolOp{window: flat.window, mean: kind.counted}
	if kind.padded {
		for a := range 2 {
			p.counted[a] = [2]int{flat.before[a], flat.after[a]}
		}
	}
	return n.give(p, to, 0)
}

// poolOp takes the largest, or the mean, of each window of a plane: x of shape
// [n channels h w], y of [n channels oh ow].
type poolOp struct {
	weightless
	window
	mean bool
	// For a mean, the windows are divided by the number of their elements that lie
	// in [-counted[0], h+counted[1]) and likewise across: the input alone, or with
	// its padding.
	counted [2][2]int
}

func (l *poolOp) Load() (Kernel, error) {
	loaded := *l
	l = &loaded
	l.window = l.settled()
	k := &poolKernel{poolOp: l}
	k.job = planes{window: &l.window, each: 1, sum: k.max, whole: k.largest, slide: l.sliding(f32.NewLargest)}
	if l.mean {
		k.job.slide, k.job.sum, k.job.whole = l.sliding(f32.NewSum), k.sum, k.average
		k.factors = make([]float32, len(l.taps))
		k.weigh()
	}
	return k, nil
}

func (l *poolOp) String() string {
	name := "max pool"
	if l.mean {
		name = "average pool"
	}
	return fmt.Sprintf("%s %dx%d, stride %d", name, l.kernel[0], l.kernel[1], l.stride[0])
}

// counts is how many elements of each window are counted along one axis.
func (l *poolOp) counts(axis, outputs, size int) []float32 {
	c := make([]float32, outputs)
	for o := range c {
		for k := range l.kernel[axis] {
			at := o*l.stride[axis] + k*l.dilation[axis] - l.before[axis]
			if at >= -l.counted[axis][0] && at < size+l.counted[axis][1] {
				c[o]++
			}
		}
	}
	return c
}

type poolKernel struct {
	*poolOp
	factors []float32 // of the inputs of each window, for their mean: 1, or
	shares  []float32 // of a plane's windows behind them; nil: what is in factors
	job     planes
}

// weigh finds by what the sums are divided: by one number, which is in the factors
// then, or, where some windows see padding that is not counted, each by its own.
func (k *poolKernel) weigh() {
	down, across := k.counts(0, k.oh, k.h), k.counts(1, k.ow, k.w)
	shares := make([]float32, 0, k.oh*k.ow)
	for _, n := range down {
		for _, m := range across {
			shares = append(shares, 1/max(1, n*m)) // a window that sees padding only gives 0
		}
	}
	if slices.Min(shares) == slices.Max(shares) {
		fill(k.factors, shares[0])
		return
	}
	fill(k.factors, 1)
	k.shares, k.job.done = shares, k.divide
}

func (k *poolKernel) Scratch(threads int) int { return k.job.scratch(threads) }

func (k *poolKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error {
	pad := float32(math.Inf(-1))
	if k.mean {
		pad = 0
	}
	return k.job.apply(y, xs[0], pad, with)
}

func (k *poolKernel) max(y, x []float32, _ int) { f32.Maximum(y, x, k.taps) }

func (k *poolKernel) largest(y, x []float32, at, _ int, scratch []float32) {
	k.job.slide.Largest(y, x, at, scratch)
}

func (k *poolKernel) average(y, x []float32, at, _ int, scratch []float32) {
	k.job.slide.Sum(y, x, at, k.factors, 0, f32.Linear, scratch)
}

func (k *poolKernel) sum(y, x []float32, _ int) {
	f32.Correlate(y, x, k.taps, k.factors, 0, f32.Linear)
}

func (k *poolKernel) divide(y []float32) { f32.Multiply.Apply(y, y, k.shares, f32.Linear) }
