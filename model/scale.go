package model

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// scaling is y = scale x + shift for each channel (or each output of a dense
// layer): a bias, or a batch normalisation. The one before it takes it into its
// weights.
type scaling struct {
	shift    *constant // one number for each channel, or one for all; nil: 0
	times    float32   // factor of shift
	normal   bool      // a batch normalisation:
	gamma    *constant // scale = gamma / sqrt(variance+epsilon)
	beta     *constant // shift = beta - mean scale
	mu       *constant
	variance *constant
	epsilon  float64
	factor   *constant // scale, one number for each channel or one for all; nil: 1
}

// read gives scale and shift for so many channels.
func (s scaling) read(channels int) (scale, shift []float32, err error) {
	values := func(c *constant, otherwise float32) []float32 {
		v := make([]float32, channels)
		fill(v, otherwise)
		if c == nil || err != nil {
			return v
		}
		var f []float32
		if f, err = c.floats(); err == nil {
			for i := range v {
				v[i] = f[i%len(f)]
			}
		}
		return v
	}
	if !s.normal {
		scale, shift = values(s.factor, 1), values(s.shift, 0)
		multiply(shift, s.times)
		return scale, shift, err
	}
	scale, shift = values(s.gamma, 1), values(s.beta, 0)
	mu, variance := values(s.mu, 0), values(s.variance, 1)
	for c := range scale {
		by := float64(scale[c]) / math.Sqrt(float64(variance[c])+s.epsilon)
		scale[c], shift[c] = float32(by), float32(float64(shift[c])-float64(mu[c])*by)
	}
	return scale, shift, err
}

// combine does one scaling after another.
func combine(all []scaling, channels int) (scale, shift []float32, err error) {
	scale, shift = make([]float32, channels), make([]float32, channels)
	fill(scale, 1)
	for _, s := range all {
		by, plus, err := s.read(channels)
		if err != nil {
			return nil, nil, err
		}
		for c := range scale {
			scale[c], shift[c] = scale[c]*by[c], shift[c]*by[c]+plus[c]
		}
	}
	return scale, shift, nil
}

// scaled is a scaling by itself: x is [channels plane].
type scaled struct {
	channels, plane int
	scaling         scaling
}

func (l *scaled) inPlace()       {}
func (l *scaled) bounded()       {}
func (l *scaled) work() int64    { return int64(l.channels) * int64(l.plane) }
func (l *scaled) bytes() int64   { return 8 * int64(l.channels) }
func (l *scaled) String() string { return fmt.Sprintf("scale %d channels", l.channels) }

func (l *scaled) load() (kernel, error) {
	scale, shift, err := l.scaling.read(l.channels)
	if err != nil {
		return nil, err
	}
	return &scaledKernel{l, tensor.New(tensor.WithShape(l.channels), tensor.WithBacking(scale)),
		tensor.New(tensor.WithShape(l.channels), tensor.WithBacking(shift))}, nil
}

type scaledKernel struct {
	*scaled
	scale, shift *tensor.Dense
}

func (k *scaledKernel) apply(y *tensor.Dense, xs []*tensor.Dense, with means) error {
	x, z := xs[0].Float32s(), y.Float32s()
	scale, shift := k.scale.Float32s(), k.shift.Float32s()
	for c := range k.channels {
		line, to := x[c*k.plane:][:k.plane], z[c*k.plane:][:k.plane]
		for i, v := range line {
			to[i] = v*scale[c] + shift[c]
		}
		if with.clamp != f32.Linear {
			bound(to, to, with.clamp)
		}
	}
	return nil
}
