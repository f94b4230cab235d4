package f32

import "fmt"

// Correlate computes y[i] = bias + Σ w[t] x[off[t]+i], bounded by c: a window
// that slides over x, whose elements are off apart. A depthwise convolution is
// that for each of its planes. x must not overlap y.
func Correlate(y, x []float32, off []int, w []float32, bias float32, c Clamp) {
	correlateFor(native, y, x, off, w, bias, c)
}

// Maximum computes y[i] = max x[off[t]+i], of at least one off, which is NaN
// where one of them is. x must not overlap y.
func Maximum(y, x []float32, off []int) { maximumFor(native, y, x, off) }

func checkTaps(y, x []float32, off []int) {
	for _, o := range off {
		if o < 0 || o > len(x)-len(y) {
			panic(fmt.Sprintf("f32: %d results from %d on of %d entries", len(y), o, len(x)))
		}
	}
}

// tapCall bounds the products of one assembly call, see callBytes.
const tapCall = 64 << 10

func correlateFor(i isa, y, x []float32, off []int, w []float32, bias float32, c Clamp) {
	checkTaps(y, x, off)
	w = w[:len(off)]
	lanes := tapLanes[i]
	if lanes == 0 || len(y) < lanes || len(off) == 0 {
		correlateGo(y, x, off, w, bias, c)
		return
	}
	most := max(1, tapCall/len(off)/lanes) * lanes
	for at := 0; at < len(y); {
		n := min(most, (len(y)-at)/lanes*lanes)
		if n == 0 { // the last ones once more, together with those that are left
			at, n = len(y)-lanes, lanes
		}
		correlate(i, &y[at], &x[at], &off[0], &w[0], len(off), n, bias, c.Min, c.Max)
		at += n
	}
}

func maximumFor(i isa, y, x []float32, off []int) {
	checkTaps(y, x, off)
	lanes := tapLanes[i]
	if lanes == 0 || len(y) < lanes {
		maximumGo(y, x, off)
		return
	}
	most := max(1, tapCall/len(off)/lanes) * lanes
	for at := 0; at < len(y); {
		n := min(most, (len(y)-at)/lanes*lanes)
		if n == 0 {
			at, n = len(y)-lanes, lanes
		}
		maximum(i, &y[at], &x[at], &off[0], len(off), n)
		at += n
	}
}

func correlateGo(y, x []float32, off []int, w []float32, bias float32, c Clamp) {
	for i := 0; i+4 <= len(y); i += 4 {
		s0, s1, s2, s3 := bias, bias, bias, bias
		for t, o := range off {
			v, p := w[t], (*four)(x[o+i:])
			s0 += v * p[0]
			s1 += v * p[1]
			s2 += v * p[2]
			s3 += v * p[3]
		}
		y[i], y[i+1], y[i+2], y[i+3] = c.of(s0), c.of(s1), c.of(s2), c.of(s3)
	}
	for i := len(y) &^ 3; i < len(y); i++ {
		s := bias
		for t, o := range off {
			s += w[t] * x[o+i]
		}
		y[i] = c.of(s)
	}
}

func maximumGo(y, x []float32, off []int) {
	copy(y, x[off[0]:])
	for _, o := range off[1:] {
		for i, v := range x[o : o+len(y)] {
			if v > y[i] || v != v {
				y[i] = v
			}
		}
	}
}
