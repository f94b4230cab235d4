// Package median says what a median of few values is worth.
package median

import (
	"math"
	"slices"
)

// Interval is a median and what it lies between with a confidence of 95 %.
type Interval struct{ Median, Low, High float64 }

// Of needs no distribution, and one value at least: the median lies between the k-th smallest and the k-th largest of n values but where fewer
// than k are on one side of it, which has twice the probability of so few heads in n throws of a coin (Conover, Practical
// Nonparametric Statistics, 1999, section 3.2). Fewer than six values can't be so sure: all that is known is where they are.
func Of(values []float64) Interval {
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	i := Interval{(values[(n-1)/2] + values[n/2]) / 2, values[0], values[n-1]}
	each := math.Exp2(-float64(n)) // the probability of 0 heads, then of 1 …
	below := each
	for k := 1; 2*below <= 0.05 && k <= n/2; k++ {
		i.Low, i.High = values[k-1], values[n-k]
		each *= float64(n-k+1) / float64(k)
		below += each
	}
	return i
}
