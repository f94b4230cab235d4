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
	if err := n.evaluating(n.Int("training_mode", 0) != 0); err != nil {
		return err
	}
	if n.Int("spatial", 1) == 0 {
		return fmt.Errorf("spatial 0: %w: export with opset_version=17", ErrUnsupported)
	}
	if len(shape) < 2 {
		return fmt.Errorf("%w: it has no channels in shape %d", ErrMalformed, shape)
	}
	s := scaling{normal: true, epsilon: float64(n.Float("epsilon", 1e-5))}
	if e := s.epsilon; math.IsNaN(e) || e < 0 {
		return fmt.Errorf("%w: epsilon %g", ErrMalformed, e)
	}
	for i := 1; i < 5; i++ {
		if n.In[i].Constant == nil {
			return n.batchNormLive(shape, s.epsilon)
		}
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
	scale := k.scale.Float32s()
	if plane == 1 { // the channels lie side by side
		for at := 0; at < len(x); at += len(scale) {
			to := z[at:][:len(scale)]
			f32.Multiply.Apply(to, x[at:][:len(scale)], scale, f32.Linear)
			f32.Add.Apply(to, to, shift, with.Clamp)
		}
		return nil
	}
	for p := range len(x) / plane {
		line, to, by, plus := x[p*plane:][:plane], z[p*plane:][:plane], scale[p%len(scale)], shift[p%len(scale)]
		f32.Scaled(by, plus, with.Clamp).Apply(to, line)
	}
	return nil
}

// evaluating refuses a node that trains; before version 7 it does so unless it
// is told not to.
func (n *Node) evaluating(training bool) error {
	if training || n.Opset < 7 && n.Int("is_test", 0) == 0 {
		return fmt.Errorf("it trains: %w: export in eval mode", ErrUnsupported)
	}
	return nil
}

// batchNormLive reads a node whose statistics or factors come with the frame.
func (n *Node) batchNormLive(shape []int, epsilon float64) error {
	for i := 1; i < 5; i++ {
		if d, err := n.dims(i); err != nil || len(d) != 1 || d[0] != shape[1] {
			return fmt.Errorf("%w: %.80q of shape %d for %d channels", ErrMalformed, n.Inputs[i], d, shape[1])
		}
	}
	return n.combine(liveNormOp{epsilon: epsilon}, shape, 0, 1, 2, 3, 4)
}

// liveNormOp is a batch normalisation with all that it needs in the frame.
type liveNormOp struct {
	weightless
	epsilon float64
}

func (l liveNormOp) Load() (Kernel, error) { return l, nil }
func (l liveNormOp) String() string        { return "batch norm" }

func (l liveNormOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, z := xs[0].Float32s(), y.Float32s()
	gamma, beta, mu, variance := xs[1].Float32s(), xs[2].Float32s(), xs[3].Float32s(), xs[4].Float32s()
	plane := Volume(y.Shape()[2:])
	for p := range len(x) / plane {
		c := p % len(gamma)
		by := float64(gamma[c]) / math.Sqrt(float64(variance[c])+l.epsilon)
		for i, v := range x[p*plane:][:plane] {
			z[p*plane+i] = float32((float64(v)-float64(mu[c]))*by + float64(beta[c]))
		}
	}
	return nil
}
