package f32

import "fmt"

// Sums computes y[i], the sum of the n entries of x from i*n on.
func Sums(y, x []float32, n int) { sumsFor(native, y, x, n) }

func sumsFor(i isa, y, x []float32, n int) {
	if n < 0 || len(x) != n*len(y) {
		panic(fmt.Sprintf("f32: %d sums of %d entries each of %d", len(y), n, len(x)))
	}
	if n == 0 || i == portable || !sumKernels {
		for k := range y {
			y[k] = sumGo(x[k*n:][:n])
		}
		return
	}
	most := max(1, tapCall/n)
	for k := 0; k < len(y); k += most {
		sums(&y[k], &x[k*n], min(most, len(y)-k), n)
	}
}

// sumGo adds up four at a time, which is faster and loses less.
func sumGo(x []float32) float32 {
	var a, b, c, d float32
	for ; len(x) >= 4; x = x[4:] {
		a, b, c, d = a+x[0], b+x[1], c+x[2], d+x[3]
	}
	for _, v := range x {
		a += v
	}
	return (a + b) + (c + d)
}
