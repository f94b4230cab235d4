package op

import (
	"math"

	"gorgonia.org/tensor"
)

// meanVarianceNormalization brings mean to 0 and variance to 1 over some axes:
// batch, height and width where it does not say which.
func meanVarianceNormalization(n *Node) error {
	shape, err := n.only()
	if err != nil {
		return err
	}
	list := []int64{0, 2, 3}
	if a := n.Attribute("axes"); a != nil {
		list = a.Ints
	}
	over, err := axes(list, len(shape))
	if err != nil {
		return err
	}
	l := meanVarianceOp{kept: make([]int, len(shape)), count: 1}
	for i, d := range shape {
		if l.kept[i] = d; over[i] {
			l.kept[i], l.count = 1, l.count*d
		}
	}
	return n.give(l, shape, 0)
}

type meanVarianceOp struct {
	kept  []int // the shape of the means
	count int   // elements of each
}

func (l meanVarianceOp) Work() int64    { return 0 }
func (l meanVarianceOp) Bytes() int64   { return 16 * int64(Volume(l.kept)) }
func (l meanVarianceOp) String() string { return "mean variance norm" }

func (l meanVarianceOp) Load() (Kernel, error) {
	size := Volume(l.kept)
	return &meanVarianceKernel{l, rowMajor(l.kept), make([]float64, size), make([]float64, size)}, nil
}

type meanVarianceKernel struct {
	meanVarianceOp
	pattern        *tensor.AP
	means, squares []float64
}

func (k *meanVarianceKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, z := xs[0].Float32s(), y.Float32s()
	clear(k.means)
	clear(k.squares)
	k.each(y, func(at, group int) { k.means[group] += float64(x[at]) / float64(k.count) })
	k.each(y, func(at, group int) {
		d := float64(x[at]) - k.means[group]
		k.squares[group] += d * d / float64(k.count)
	})
	k.each(y, func(at, group int) {
		z[at] = float32((float64(x[at]) - k.means[group]) / (math.Sqrt(k.squares[group]) + 1e-9))
	})
	return nil
}

// each calls f for every element, and the group whose mean it is part of.
func (k *meanVarianceKernel) each(x *tensor.Dense, f func(at, group int)) {
	w := together(x.Info(), k.pattern)
	n, move := w.inner()
	for at := (moves{}); ; {
		for i := range n {
			f(at[0]+i*move[0], at[1]+i*move[1])
		}
		if !w.next(&at) {
			return
		}
	}
}
