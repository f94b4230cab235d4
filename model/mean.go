package model

import (
	"fmt"

	"gorgonia.org/tensor"
)

// mean is the average over some dimensions.
type mean struct {
	weightless
	walk nest // y, x
	over int  // elements of each average
}

// newMean averages dims over the axes that are marked.
func newMean(dims []int, reduced []bool) *mean {
	kept := make([]int, len(dims))
	m := &mean{over: 1}
	for i, d := range dims {
		if kept[i] = d; reduced[i] {
			kept[i] = 1
			m.over *= d
		}
	}
	sx, sy := strides(dims), strides(kept)
	moves := make([][3]int, len(dims))
	for i := range moves {
		moves[i] = [3]int{sy[i], sx[i]}
	}
	m.walk = newNest(dims, moves)
	return m
}

func (l *mean) String() string { return fmt.Sprintf("mean of %d", l.over) }

func (l *mean) load() (kernel, error) {
	k := &meanKernel{mean: l, walk: l.walk}
	k.walk.count = make([]int, len(l.walk.dims))
	return k, nil
}

type meanKernel struct {
	*mean
	walk nest
}

func (k *meanKernel) apply(y *tensor.Dense, xs []*tensor.Dense, _ means) error {
	x, z := xs[0].Float32s(), y.Float32s()
	clear(z)
	n, move := k.walk.inner()
	for at := [3]int{}; ; {
		line := x[at[1]:]
		if move[0] == 0 && move[1] == 1 {
			z[at[0]] += sum(line[:n])
		} else {
			to := z[at[0]:]
			for i := range n {
				to[i*move[0]] += line[i*move[1]]
			}
		}
		if !k.walk.next(&at) {
			break
		}
	}
	multiply(z, 1/float32(k.over))
	return nil
}

// sum adds up four at a time, which is faster and loses less.
func sum(x []float32) float32 {
	var a, b, c, d float32
	for ; len(x) >= 4; x = x[4:] {
		a, b, c, d = a+x[0], b+x[1], c+x[2], d+x[3]
	}
	for _, v := range x {
		a += v
	}
	return (a + b) + (c + d)
}

func multiply(s []float32, by float32) {
	if by == 1 {
		return
	}
	for i := range s {
		s[i] *= by
	}
}
