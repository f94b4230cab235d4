package op

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"tandem/model/internal/onnx"
)

// poolKind is what a pool does with the elements of a window.
type poolKind struct {
	name    string
	first   float64                        // before the first element
	add     func(a, v float64) float64     // one more element
	last    func(a, count float64) float64 // the result; nil: as it is
	counted bool                           // count is wanted
	padded  bool                           // it counts the padding, too
}

// directPoolOp pools over any number of dimensions. What networks mostly have,
// poolOp does faster.
type directPoolOp struct {
	weightless
	spatial
	poolKind
}

func (l directPoolOp) String() string { return fmt.Sprintf("%s %v", l.name, l.kernel) }

func (l directPoolOp) Load() (Kernel, error) {
	k := &directPoolKernel{lattice: l.lattice(l.size, l.out), poolKind: l.poolKind}
	k.counts, k.sums = make([]float64, Volume(l.out)), make([]float64, Volume(l.out))
	if !l.counted {
		return k, nil
	}
	// Seen from a plane that has the padding, no element of it is beyond.
	seen := *k.lattice
	if l.padded {
		for d := range seen.rank {
			seen.large[d] += l.before[d] + l.after[d]
			seen.before[d] = 0
		}
	}
	for tap := range seen.taps {
		seen.rows(tap, func(small, _, count, _ int) {
			for i := range count {
				k.counts[small+i]++
			}
		})
	}
	return k, nil
}

type directPoolKernel struct {
	*lattice
	poolKind
	counts, sums []float64 // of the elements of a plane
}

func (k *directPoolKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, z, plane := xs[0].Float32s(), y.Float32s(), len(k.sums)
	size := len(x) / (len(z) / plane)
	for i := range len(z) / plane {
		from := x[i*size:][:size]
		for j := range k.sums {
			k.sums[j] = k.first
		}
		for tap := range k.taps {
			k.rows(tap, func(small, large, count, step int) {
				for j := range count {
					k.sums[small+j] = k.add(k.sums[small+j], float64(from[large+j*step]))
				}
			})
		}
		for j, v := range k.sums {
			if k.last != nil {
				v = k.last(v, k.counts[j])
			}
			z[i*plane+j] = float32(v)
		}
	}
	return nil
}

// lpPool gives the p-norm of each window.
func lpPool(n *Node) error {
	s, err := n.pooled()
	if err != nil {
		return err
	}
	p := float64(n.Int("p", 2))
	return n.pool(s, poolKind{
		name: "lp pool",
		add:  func(a, v float64) float64 { return a + math.Pow(math.Abs(v), p) },
		last: func(a, _ float64) float64 { return math.Pow(a, 1/p) },
	})
}

// argPool gives a maximum pool that tells where the largest elements are: their
// numbers in the whole input.
func (n *Node) argPool(s spatial) error {
	shape := n.In[0].Shape
	to := append([]int{shape[0], shape[1]}, s.out...)
	if err := n.give(argPoolOp{spatial: s, columns: n.Int("storage_order", 0) != 0}, to, 0); err != nil {
		return err
	}
	return n.also(to, onnx.Int64)
}

type argPoolOp struct {
	weightless
	spatial
	columns bool // the first dimension of a plane is the innermost one in that numbering
}

func (l argPoolOp) String() string { return fmt.Sprintf("max pool %v with indices", l.kernel) }

func (l argPoolOp) Load() (Kernel, error) {
	k := argPoolKernel{lattice: l.lattice(l.size, l.out), plane: Volume(l.out), number: make([]float32, Volume(l.size))}
	for i := range k.number {
		k.number[i] = float32(i)
		if !l.columns {
			continue
		}
		at, number, step := i, 0, Volume(l.size)
		for d := len(l.size) - 1; d >= 0; d-- {
			step /= l.size[d]
			number += at % l.size[d] * step
			at /= l.size[d]
		}
		k.number[i] = float32(number)
	}
	return k, nil
}

type argPoolKernel struct {
	*lattice
	plane  int
	number []float32 // of the elements of a plane
}

func (k argPoolKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error {
	x, z, places := xs[0].Float32s(), y.Float32s(), with.More[0].Float32s()
	fill(z, float32(math.Inf(-1)))
	for i := range len(z) / k.plane {
		from := x[i*len(k.number):][:len(k.number)]
		to, at := z[i*k.plane:][:k.plane], places[i*k.plane:][:k.plane]
		for tap := range k.taps {
			k.rows(tap, func(small, large, count, step int) {
				for j := range count {
					if v := from[large+j*step]; v > to[small+j] {
						to[small+j] = v
						at[small+j] = float32(i*len(k.number)) + k.number[large+j*step]
					}
				}
			})
		}
	}
	return nil
}
