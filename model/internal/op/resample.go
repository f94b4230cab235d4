package op

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"
)

// resizeOp resizes one dimension after another: each element of the result is a
// sum of a few elements of the line that it is on.
type resizeOp struct {
	weightless
	sampling
	from, to []int
	axes     []sampled
	along    []int // for which the kernel is given scales; nil: they are known
}

// sampled is how one dimension is resized.
type sampled struct {
	scale  float32
	region [2]float32 // of it that is taken, where the whole is 0 to 1
}

func (r *resizeOp) String() string { return fmt.Sprintf("resize to %v, %s", r.to, r.mode) }

func (r *resizeOp) Load() (Kernel, error) {
	k := &resizeKernel{resizeOp: r}
	for axis := len(r.from) - 1; axis >= 0; axis-- {
		s := r.axes[axis]
		if r.to[axis] == r.from[axis] && s.scale == 1 && s.region == [2]float32{0, 1} && r.along == nil {
			continue
		}
		p := &pass{axis: axis, from: r.from[axis], to: r.to[axis], taps: r.taps(s.scale)}
		p.outer, p.inner = Volume(r.from[:axis]), Volume(r.to[axis+1:])
		p.places, p.weights = make([]int, p.to*p.taps), make([]float32, p.to*p.taps)
		p.fill(r, s)
		k.passes = append(k.passes, p)
	}
	for i := range k.passes[:max(0, len(k.passes)-1)] {
		p := k.passes[i]
		k.between = append(k.between, make([]float32, p.outer*p.to*p.inner))
	}
	return k, nil
}

// taps is how many elements are summed up for one.
func (r *resizeOp) taps(scale float32) int {
	if r.mode == "nearest" {
		return 1
	}
	return 2 * int(math.Ceil(r.reach()/r.shrink(scale)))
}

// reach is how far away elements count, and shrink the factor by which that
// grows when the result is smaller.
func (r *resizeOp) reach() float64 {
	if r.mode == "cubic" {
		return 2
	}
	return 1
}

func (r *resizeOp) shrink(scale float32) float64 {
	if r.smooth {
		return min(1, float64(scale))
	}
	return 1
}

// weight is that of an element so far away.
func (r *resizeOp) weight(x float64) float64 {
	x = math.Abs(x)
	switch {
	case r.mode == "linear":
		return max(0, 1-x)
	case x <= 1:
		return ((r.a+2)*x-(r.a+3))*x*x + 1
	case x < 2:
		return ((r.a*x-5*r.a)*x+8*r.a)*x - 4*r.a
	}
	return 0
}

// coordinate is where element i of the result lies among n that become m, as
// onnxruntime computes it; false beyond the region that is cropped.
func (r *resizeOp) coordinate(i, n, m int, s sampled) (float32, bool) {
	at, size := float32(i), s.scale*float32(n)
	switch r.mapping {
	case "asymmetric":
		return at / s.scale, true
	case "align_corners":
		if m == 1 {
			return 0, true
		}
		return at * float32(n-1) / float32(m-1), true
	case "pytorch_half_pixel":
		if m == 1 {
			return 0, true
		}
	case "tf_half_pixel_for_nn":
		return (at + 0.5) / s.scale, true
	case "half_pixel_symmetric":
		return float32(n)/2*(1-float32(m)/size) + (at+0.5)/s.scale - 0.5, true
	case "tf_crop_and_resize":
		from, to := s.region[0], s.region[1]
		x := 0.5 * (from + to) * float32(n-1)
		if m > 1 {
			x = from*float32(n-1) + at*(to-from)*float32(n-1)/float32(m-1)
		}
		return x, x >= 0 && x <= float32(n-1)
	}
	return (at+0.5)/s.scale - 0.5, true
}

// rounded is the nearest element by the rule.
func (r *resizeOp) rounded(x, scale float32) int {
	v := float64(x)
	switch r.nearest {
	case "round_prefer_floor":
		v = math.Ceil(v - 0.5)
	case "round_prefer_ceil":
		v = math.Floor(v + 0.5)
	case "ceil":
		v = math.Ceil(v)
	case "simple":
		if scale < 1 {
			v = math.Ceil(v)
		}
	}
	return int(math.Floor(v))
}

// pass resizes one dimension.
type pass struct {
	axis         int
	outer, inner int // elements before and behind it
	from, to     int
	taps         int
	places       []int     // by element of the result and tap; -1: it is beyond
	weights      []float32 // of each
}

// fill computes the taps.
func (p *pass) fill(r *resizeOp, s sampled) {
	shrink := r.shrink(s.scale)
	for i := range p.to {
		places, weights := p.places[i*p.taps:][:p.taps], p.weights[i*p.taps:][:p.taps]
		x, inside := r.coordinate(i, p.from, p.to, s)
		switch {
		case !inside:
			places[0] = -1
			continue
		case r.mode == "nearest":
			places[0], weights[0] = min(max(r.rounded(x, s.scale), 0), p.from-1), 1
			continue
		}
		first := int(math.Floor(float64(x))) - p.taps/2 + 1
		sum := 0.0
		for t := range places {
			at := first + t
			w := r.weight((float64(at) - float64(x)) * shrink)
			if r.inside && (at < 0 || at >= p.from) {
				w = 0
			}
			places[t], weights[t] = min(max(at, 0), p.from-1), float32(w)
			sum += w
		}
		for t := range weights {
			weights[t] = float32(float64(weights[t]) / sum)
		}
	}
}

// apply resizes; what is beyond becomes a given number.
func (p *pass) apply(y, x []float32, beyond float32) {
	for o := range p.outer {
		from := x[o*p.from*p.inner:][:p.from*p.inner]
		for i := range p.to {
			line := y[(o*p.to+i)*p.inner:][:p.inner]
			places, weights := p.places[i*p.taps:][:p.taps], p.weights[i*p.taps:][:p.taps]
			switch {
			case places[0] < 0:
				fill(line, beyond)
			case p.inner == 1:
				sum := float32(0)
				for t, at := range places {
					sum += weights[t] * from[at]
				}
				line[0] = sum
			default:
				clear(line)
				for t, at := range places {
					w := weights[t]
					for k, v := range from[at*p.inner:][:p.inner] {
						line[k] += w * v
					}
				}
			}
		}
	}
}

// resizeKernel does one pass after another, the last dimension first.
type resizeKernel struct {
	*resizeOp
	passes  []*pass
	between [][]float32 // what all but the last give
}

func (k *resizeKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	if k.along != nil {
		for i, axis := range k.along {
			s := k.axes[axis]
			if s.scale = xs[1].Float32s()[i]; !(s.scale > 0) {
				return fmt.Errorf("a scale of %v: %w", s.scale, ErrIndex)
			}
			p := k.passes[len(k.axes)-1-axis]
			p.fill(k.resizeOp, s)
		}
	}
	x := xs[0].Float32s()
	if len(k.passes) == 0 {
		copy(y.Float32s(), x)
	}
	for i, p := range k.passes {
		to := y.Float32s()
		if i < len(k.between) {
			to = k.between[i]
		}
		p.apply(to, x, k.beyond)
		x = to
	}
	return nil
}
