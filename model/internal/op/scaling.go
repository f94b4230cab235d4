package op

import "math"

// scaling is y = scale x + shift for each channel (or each output of a dense
// layer): a bias, a factor, or a batch normalisation. A convolution or dense
// layer before it takes it into its weights.
type scaling struct {
	shift    *Constant // one number for each channel, or one for all; nil: 0
	times    float32   // factor of shift
	normal   bool      // a batch normalisation:
	gamma    *Constant // scale = gamma / sqrt(variance+epsilon)
	beta     *Constant // shift = beta - mean scale
	mu       *Constant
	variance *Constant
	epsilon  float64
	factor   *Constant // scale, one number for each channel or one for all; nil: 1
}

// read gives scale and shift for so many channels.
func (s scaling) read(channels int) (scale, shift []float32, err error) {
	values := func(c *Constant, otherwise float32) []float32 {
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
		scaleBy(shift, s.times)
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

func scaleBy(s []float32, by float32) {
	if by == 1 {
		return
	}
	for i := range s {
		s[i] *= by
	}
}

func fill(s []float32, v float32) {
	for i := range s {
		s[i] = v
	}
}
