package op

import (
	"fmt"

	"gorgonia.org/tensor"
)

// directConvOp is a convolution over any number of dimensions, of several
// samples, and with weights that may be computed: x of shape [n in ...], weights
// of [out in/groups kernel...], y of [n out ...]. What networks mostly have,
// convOp does faster.
type directConvOp struct {
	spatial
	groups, out int
	work        int64
}

// directConv gives it for inputs x, w and b of the node.
func (n *Node) directConv(s spatial, groups int) error {
	x, _ := n.dims(0)
	w, _ := n.dims(1)
	b, err := n.dims(2)
	if n.has(2) && (err != nil || len(b) != 1 || b[0] != w[0]) {
		return fmt.Errorf("%w: a bias of shape %v for %d outputs", ErrMalformed, b, w[0])
	}
	o := directConvOp{spatial: s, groups: groups, out: w[0], work: s.work(x[0], w)}
	return n.combine(o, append([]int{x[0], w[0]}, s.out...), 0, 1, 2)
}

// work is the multiply-adds of so many samples with weights of a shape.
func (s spatial) work(samples int, weights []int) int64 {
	return int64(samples) * int64(Volume(weights)) * int64(Volume(s.out))
}

func (c directConvOp) Work() int64  { return c.work }
func (c directConvOp) Bytes() int64 { return 0 }

func (c directConvOp) String() string {
	return fmt.Sprintf("conv to %d, %v", c.out, c.kernel)
}

func (c directConvOp) Load() (Kernel, error) {
	return &directConvKernel{lattice: c.lattice(c.size, c.spatial.out), groups: c.groups, sums: make([]float64, Volume(c.spatial.out))}, nil
}

type directConvKernel struct {
	*lattice
	groups int
	sums   []float64 // of the plane at hand
}

func (k *directConvKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	z, plane := y.Float32s(), len(k.sums)
	k.planes(xs[0], xs[1], 0, nil, func(i, channel int) {
		bias := 0.0
		if len(xs) > 2 && xs[2] != nil {
			bias = float64(xs[2].Float32s()[channel])
		}
		for j, v := range k.sums {
			z[i*plane+j] = float32(v + bias)
		}
	})
	return nil
}

// planes sums up one plane of the result after another, and hands over its
// number and its channel. x counts from xz, and the weights of a channel from
// the element of wz that is its own, or the only one; nil: 0.
func (k *directConvKernel) planes(x, w *tensor.Dense, xz float64, wz []float32, done func(i, channel int)) {
	xs, ws := x.Float32s(), w.Float32s()
	in, out, each := x.Shape()[1], w.Shape()[0], w.Shape()[1]
	size := len(xs) / (x.Shape()[0] * in)
	for i := range x.Shape()[0] * out {
		sample, channel := i/out, i%out
		clear(k.sums)
		zero := 0.0
		if len(wz) > 0 {
			zero = float64(wz[channel%len(wz)])
		}
		first := sample*in + channel/(out/k.groups)*each
		for c := range each {
			from := xs[(first+c)*size:][:size]
			for tap := range k.taps {
				factor := float64(ws[(channel*each+c)*k.taps+tap]) - zero
				k.rows(tap, func(small, large, count, step int) {
					sums := k.sums[small:][:count]
					for j := range sums {
						sums[j] += factor * (float64(from[large+j*step]) - xz)
					}
				})
			}
		}
		done(i, channel)
	}
}
