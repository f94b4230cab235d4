package op

import (
	"math"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// normKernel goes through a line several times while it is in the nearest cache, each time by a kernel of package f32.
type normKernel struct {
	*normOp
	sums    [8]float32
	squares [8 * someSummed]float32
}

// someSummed is how many numbers are added up in float32. Such sums are as exact as the numbers, and are added up in float64.
const someSummed = 64

func (k *normKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error {
	x, z := xs[0].Float32s(), y.Float32s()
	for g := range len(x) / k.size {
		line, to := x[g*k.size:][:k.size], z[g*k.size:][:k.size]
		mean, by := k.moments(to, line)
		f32.Scaled(float32(by), 0, f32.Linear).Apply(to, to)
		for i, t := range with.More {
			t.Float32s()[g] = float32([2]float64{mean, by}[i])
		}
		for i, t := range xs[1:] {
			if t != nil {
				k.affine(i, to, g*k.size, t.Float32s())
			}
		}
	}
	return nil
}

// moments puts the line less its mean to where its result will be, and gives the mean, and one by the deviation.
func (k *normKernel) moments(to, line []float32) (mean, by float64) {
	if k.raw {
		copy(to, line)
	} else {
		mean = k.sum(line) / float64(k.size)
		f32.Scaled(1, float32(-mean), f32.Linear).Apply(to, line)
	}
	squares := 0.0
	for rest := to; len(rest) > 0; {
		n := min(len(rest), len(k.squares))
		f32.Multiply.Apply(k.squares[:n], rest[:n], rest[:n], f32.Linear)
		squares += k.sum(k.squares[:n])
		rest = rest[n:]
	}
	return mean, 1 / math.Sqrt(squares/float64(k.size)+k.epsilon)
}

func (k *normKernel) sum(x []float32) (sum float64) {
	for len(x) > 0 {
		each := min(len(x), someSummed)
		sums := k.sums[:min(len(x)/each, len(k.sums))]
		f32.Sums(sums, x[:each*len(sums)], each)
		for _, s := range sums {
			sum += float64(s)
		}
		x = x[each*len(sums):]
	}
	return sum
}

// affine multiplies a line that begins at element at of the result by the scales (0), or adds the biases to it (1).
func (k *normKernel) affine(which int, line []float32, at int, of []float32) {
	if k.each == 1 && len(of) == len(line) {
		[]f32.Pair{f32.Multiply, f32.Add}[which].Apply(line, line, of, f32.Linear)
		return
	}
	each := k.each
	if len(of) == 1 {
		each = k.size
	}
	for from := 0; from < len(line); from += each {
		part, v := line[from:][:each], of[(at+from)/k.each%len(of)]
		if which == 0 {
			f32.Scaled(v, 0, f32.Linear).Apply(part, part)
		} else {
			f32.Scaled(1, v, f32.Linear).Apply(part, part)
		}
	}
}
