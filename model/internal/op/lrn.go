package op

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"
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

func (l lrnOp) Load() (Kernel, error) { return l, nil }
func (l lrnOp) String() string        { return fmt.Sprintf("lrn over %d channels", l.size) }

func (l lrnOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, z := xs[0].Float32s(), y.Float32s()
	channels, plane := xs[0].Shape()[1], Volume(xs[0].Shape()[2:])
	for i := range xs[0].Shape()[0] * channels {
		c, x, z := i%channels, x[i/channels*channels*plane:], z[i/channels*channels*plane:]
		first, last := max(0, c-(l.size-1)/2), min(channels-1, c+l.size/2)
		for p := range plane {
			sum := 0.0
			for n := first; n <= last; n++ {
				v := float64(x[n*plane+p])
				sum += v * v
			}
			base := l.bias + l.alpha/float64(l.size)*sum
			z[c*plane+p] = float32(float64(x[c*plane+p]) / math.Pow(base, l.beta))
		}
	}
	return nil
}
