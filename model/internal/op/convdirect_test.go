package op

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

// cube is a window in three dimensions, drawn at random.
type cube struct {
	size, kernel, stride, dil [3]int
	pads                      [6]int
}

func drawCube(r *rand.Rand) (c cube) {
	for a := range 3 {
		c.kernel[a], c.stride[a], c.dil[a] = 1+r.IntN(3), 1+r.IntN(2), 1+r.IntN(2)
		c.pads[a], c.pads[a+3] = r.IntN(2), r.IntN(2)
		c.size[a] = (c.kernel[a]-1)*c.dil[a] + 1 + r.IntN(3)
	}
	return c
}

func (c cube) attributes() attr {
	return attr{"kernel_shape": wide(c.kernel[:]), "strides": wide(c.stride[:]), "dilations": wide(c.dil[:]), "pads": wide(c.pads[:])}
}

// out is the size of a convolution's result, and of a transposed one's.
func (c cube) out() (straight, transposed [3]int) {
	for a := range 3 {
		wide := (c.kernel[a]-1)*c.dil[a] + 1
		straight[a] = (c.size[a]+c.pads[a]+c.pads[a+3]-wide)/c.stride[a] + 1
		transposed[a] = (c.size[a]-1)*c.stride[a] + wide - c.pads[a] - c.pads[a+3]
	}
	return straight, transposed
}

// each calls f for the numbers of the elements of a small and a large volume
// that tap k joins.
func (c cube) each(small, large [3]int, f func(k, small, large int)) {
	places := func(size [3]int) (all [][3]int) {
		for z := range size[0] {
			for y := range size[1] {
				for x := range size[2] {
					all = append(all, [3]int{z, y, x})
				}
			}
		}
		return all
	}
	for i, at := range places(small) {
		for k, tap := range places(c.kernel) {
			number, inside := 0, true
			for a := range 3 {
				v := at[a]*c.stride[a] + tap[a]*c.dil[a] - c.pads[a]
				inside = inside && v >= 0 && v < large[a]
				number = number*large[a] + v
			}
			if inside {
				f(k, i, number)
			}
		}
	}
}

// Three dimensions, two samples and weights that are computed, against the plain
// definition.
func TestDirectWindowsAgainstDefinition(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 3))
		c := drawCube(r)
		groups, in, each := 1+r.IntN(2), 1+r.IntN(2), 1+r.IntN(2)
		straight, transposed := c.out()
		shape := func(n, channels int, s [3]int) []int { return slices.Concat(dims(n, channels), s[:]) }
		x := random(r, shape(2, groups*in, c.size)...)
		size, taps := Volume(c.size[:]), Volume(c.kernel[:])
		attributes := c.attributes()

		pool := func(first float64, add func(a, v float64) float64) []float32 {
			var want []float32
			for plane := range 2 * groups * in {
				sums := slices.Repeat([]float64{first}, Volume(straight[:]))
				c.each(straight, c.size, func(_, small, large int) {
					sums[small] = add(sums[small], float64(x.Float32s()[plane*size+large]))
				})
				for _, v := range sums {
					want = append(want, float32(v))
				}
			}
			return want
		}
		alike(t, "MaxPool", compute(t, "MaxPool", attributes, x), pool(math.Inf(-1), math.Max), 1e-5)
		sum := func(a, v float64) float64 { return a + v }
		ones := x
		x = over(slices.Repeat([]float32{1}, x.Size()), x.Shape())
		counts := pool(0, sum)
		x = ones
		means := pool(0, sum)
		for i := range means {
			means[i] /= max(1, counts[i])
		}
		alike(t, "AveragePool", compute(t, "AveragePool", attributes, x), means, 1e-5)
		norms := pool(0, func(a, v float64) float64 { return a + math.Abs(v*v*v) })
		for i, v := range norms {
			norms[i] = float32(math.Cbrt(float64(v)))
		}
		attributes["p"] = 3
		alike(t, "LpPool", compute(t, "LpPool", attributes, x), norms, 1e-5)
		delete(attributes, "p")

		attributes["group"] = groups
		w, b := random(r, shape(groups*each, in, c.kernel)...), random(r, groups*each)
		want := make([]float32, 2*groups*each*Volume(straight[:]))
		for i := range 2 * groups * each {
			to := want[i*Volume(straight[:]):][:Volume(straight[:])]
			sample, channel := i/(groups*each), i%(groups*each)
			fill(to, b.Float32s()[channel])
			for k := range in {
				from := x.Float32s()[(sample*groups*in+channel/each*in+k)*size:]
				c.each(straight, c.size, func(tap, small, large int) {
					to[small] += w.Float32s()[(channel*in+k)*taps+tap] * from[large]
				})
			}
		}
		constant := func(x *tensor.Dense) *Constant { return weights(x.Shape(), x.Float32s()...) }
		alike(t, "Conv", compute(t, "Conv", attributes, x, constant(w), constant(b)), want, 1e-4)
		alike(t, "Conv with computed weights", compute(t, "Conv", attributes, x, w, b), want, 1e-4)

		if min(transposed[0], transposed[1], transposed[2]) < 1 {
			continue
		}
		w = random(r, shape(groups*in, each, c.kernel)...)
		want = make([]float32, 2*groups*each*Volume(transposed[:]))
		for i := range 2 * groups * each {
			to := want[i*Volume(transposed[:]):][:Volume(transposed[:])]
			sample, channel := i/(groups*each), i%(groups*each)
			fill(to, b.Float32s()[channel])
			for k := range in {
				input := channel/each*in + k
				from := x.Float32s()[(sample*groups*in+input)*size:]
				c.each(c.size, transposed, func(tap, small, large int) {
					to[large] += w.Float32s()[(input*each+channel%each)*taps+tap] * from[small]
				})
			}
		}
		alike(t, "ConvTranspose", compute(t, "ConvTranspose", attributes, x, constant(w), constant(b)), want, 1e-4)
	}
}

func TestTransposedConvByHand(t *testing.T) {
	x, w := of(dims(1, 1, 2), 1, 2), weights(dims(1, 1, 2), 1, 10)
	checkByHand(t, map[string]byHand{
		"stride 2":        {"ConvTranspose", attr{"strides": []int64{2}}, in(x, w), []float32{1, 10, 2, 20}},
		"overlapping":     {"ConvTranspose", nil, in(x, w), []float32{1, 12, 20}},
		"more behind":     {"ConvTranspose", attr{"strides": []int64{2}, "output_padding": []int64{1}}, in(x, w, weights(dims(1), 5)), []float32{6, 15, 7, 25, 5}},
		"a wanted shape":  {"ConvTranspose", attr{"output_shape": []int64{2}}, in(x, w), []float32{12, 20}},
		"the same":        {"ConvTranspose", attr{"auto_pad": "SAME_UPPER"}, in(x, w), []float32{1, 12}},
		"the same, lower": {"ConvTranspose", attr{"auto_pad": "SAME_LOWER"}, in(x, w), []float32{12, 20}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{
		"channels": node("ConvTranspose", nil, x, weights(dims(2, 1, 2), 1, 2, 3, 4)),
		"bias":     node("ConvTranspose", nil, x, w, weights(dims(2), 1, 2)),
		"auto_pad": node("ConvTranspose", attr{"auto_pad": "NONE"}, x, w),
		"nothing":  node("ConvTranspose", attr{"pads": []int64{2, 2}}, x, w),
	})
}

func TestPoolsByHand(t *testing.T) {
	x := of(dims(1, 2, 2, 2), 1, 2, 3, 4, -8, -7, -6, -5)
	nine := of(dims(2, 1, 3), 1, 3, 2, 7, 9, 8)
	two := []int64{2, 2}
	checkByHand(t, map[string]byHand{
		"all of a plane":     {"GlobalMaxPool", nil, in(x), []float32{4, -5}},
		"norm of a plane":    {"GlobalLpPool", attr{"p": 1}, in(x), []float32{10, 26}},
		"norm of a line":     {"GlobalLpPool", nil, in(of(dims(1, 1, 2), 3, 4)), []float32{5}},
		"overhanging":        {"MaxPool", attr{"kernel_shape": []int64{3, 3}, "strides": two, "ceil_mode": 1}, in(x), []float32{4, -5}},
		"where the largest":  {"MaxPool", attr{"kernel_shape": two, "outputs": 2}, in(x), []float32{3, 7}},
		"counted by columns": {"MaxPool", attr{"kernel_shape": []int64{1, 2}, "storage_order": 1, "outputs": 2}, in(x), []float32{2, 3, 6, 7}},
		"of two samples":     {"MaxPool", attr{"kernel_shape": []int64{2}}, in(nine), []float32{3, 3, 9, 9}},
		"valid, rounded up":  {"AveragePool", attr{"kernel_shape": []int64{2}, "strides": []int64{2}, "auto_pad": "VALID", "ceil_mode": 1}, in(nine), []float32{2, 2, 8, 8}},
	})
}
