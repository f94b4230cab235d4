package op

import (
	"fmt"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// lrn divides by a power of the squares of neighbouring channels: local response
// normalisation, Krizhevsky et al. 2012.
func lrn(n *Node) error {
	shape, err := n.only()
	if err != nil {
		return err
	}
	size := n.Int("size", 0)
	if len(shape) < 3 || size < 1 || size > MaxVolume {
		return fmt.Errorf("%w: size %d in shape %d", ErrMalformed, size, shape)
	}
	return n.give(lrnOp{
		size: int(size), alpha: float64(n.Float("alpha", 1e-4)), beta: float64(n.Float("beta", 0.75)), bias: float64(n.Float("bias", 1)),
	}, shape, 0)
}

type lrnOp struct {
	weightless
	size              int // channels
	alpha, beta, bias float64
}

func (l lrnOp) Load() (Kernel, error) { return &lrnKernel{lrnOp: l}, nil }
func (l lrnOp) String() string        { return fmt.Sprintf("lrn over %d channels", l.size) }

// lrnKernel computes one plane after another, on one thread or on several.
type lrnKernel struct {
	lrnOp
	plane, channels int
	y, x, scratch   []float32
}

func (k *lrnKernel) Scratch(threads int) int { return threads * 2 * lrnBlock }

// lrnBlock is how many places are computed at a time.
const lrnBlock = 1024

func (k *lrnKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error {
	k.x, k.y, k.scratch = xs[0].Float32s(), y.Float32s(), with.Scratch
	k.channels, k.plane = xs[0].Shape()[1], Volume(xs[0].Shape()[2:])
	planes := xs[0].Shape()[0] * k.channels
	if with.Team != nil {
		with.Team.Do(planes, k)
		return nil
	}
	for i := range planes {
		k.Chunk(0, i)
	}
	return nil
}

// Chunk computes plane i: x times exp(-beta log(bias + alpha/size sum of squares)).
func (k *lrnKernel) Chunk(thread, i int) {
	memory := k.scratch[thread*2*lrnBlock:][:2*lrnBlock]
	c := i % k.channels
	first, last := i-min(c, (k.size-1)/2), i+min(k.channels-1-c, k.size/2)
	for at := 0; at < k.plane; at += lrnBlock {
		n := min(lrnBlock, k.plane-at)
		sum, square := memory[:n], memory[lrnBlock:][:n]
		line := func(plane int) []float32 { return k.x[plane*k.plane+at:][:n] }
		f32.Multiply.Apply(sum, line(first), line(first), f32.Linear)
		for p := first + 1; p <= last; p++ {
			f32.Multiply.Apply(square, line(p), line(p), f32.Linear)
			f32.Add.Apply(sum, sum, square, f32.Linear)
		}
		f32.Scaled(float32(k.alpha/float64(k.size)), float32(k.bias), f32.Linear).Apply(sum, sum)
		f32.Log.Apply(sum, sum)
		f32.Scaled(float32(-k.beta), 0, f32.Linear).Apply(sum, sum)
		f32.Exp.Apply(sum, sum)
		f32.Multiply.Apply(k.y[i*k.plane+at:][:n], line(i), sum, f32.Linear)
	}
}
