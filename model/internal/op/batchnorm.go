package op

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// batchNormalization scales each channel; a convolution or dense layer before it
// does so with its weights.
func batchNormalization(n *Node) error {
	if err := n.takes(5, 5); err != nil {
		return err
	}
	shape, err := n.activation(0)
	if err != nil {
		return err
	}
	if n.Int("training_mode", 0) != 0 {
		return fmt.Errorf("training_mode: %w: export in eval mode", ErrUnsupported)
	}
	if len(shape) < 2 || shape[0] != 1 {
		return fmt.Errorf("%w: it has no channels in shape %d", ErrMalformed, shape)
	}
	s := scaling{normal: true, epsilon: float64(n.Float("epsilon", 1e-5))}
	if e := s.epsilon; math.IsNaN(e) || e < 0 {
		return fmt.Errorf("%w: epsilon %g", ErrMalformed, e)
	}
	for i, to := range []**Constant{&s.gamma, &s.beta, &s.mu, &s.variance} {
		c, err := n.weights(i + 1)
		if err != nil {
			return err
		}
		if len(c.Dims) != 1 || c.Dims[0] != int64(shape[1]) {
			return fmt.Errorf("%w: %.80q of shape %d for %d channels", ErrMalformed, c.Name, c.Dims, shape[1])
		}
		*to = c
	}
	return n.give(&batchNormOp{channels: shape[1], plane: Volume(shape[2:]), by: s}, shape, 0)
}

// batchNormOp is a scaling by itself.
type batchNormOp struct {
	channels, plane int
	by              scaling
}

func (l *batchNormOp) InPlace()       {}
func (l *batchNormOp) Bounded()       {}
func (l *batchNormOp) Work() int64    { return int64(l.channels) * int64(l.plane) }
func (l *batchNormOp) Bytes() int64   { return 8 * int64(l.channels) }
func (l *batchNormOp) String() string { return fmt.Sprintf("scale %d channels", l.channels) }

func (l *batchNormOp) scaling([]int, int) (scaling, bool) { return l.by, true }

func (l *batchNormOp) Load() (Kernel, error) {
	scale, shift, err := l.by.read(l.channels)
	if err != nil {
		return nil, err
	}
	return &batchNormKernel{vector(scale), vector(shift)}, nil
}

// vector is a tensor of one dimension.
func vector(v []float32) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(v)), tensor.WithBacking(v))
}

type batchNormKernel struct{ scale, shift *tensor.Dense } // [channels]

func (k *batchNormKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error {
	x, z := xs[0].Float32s(), y.Float32s()
	plane := Volume(y.Shape()[2:])
	shift := k.shift.Float32s()
	for c, by := range k.scale.Float32s() {
		line, to := x[c*plane:][:plane], z[c*plane:][:plane]
		for i, v := range line {
			to[i] = v*by + shift[c]
		}
		if with.Clamp != f32.Linear {
			bound(to, to, with.Clamp)
		}
	}
	return nil
}
