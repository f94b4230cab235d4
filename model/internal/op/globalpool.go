package op

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"
)

// globalMaxPool takes the largest element of each plane.
func globalMaxPool(n *Node) error {
	return n.globalPool("global max pool", func(x []float32) float32 {
		most := float32(math.Inf(-1))
		for _, v := range x {
			most = max(most, v)
		}
		return most
	})
}

// globalLpPool gives the p-norm of each plane.
func globalLpPool(n *Node) error {
	p := float64(n.Int("p", 2))
	return n.globalPool("global lp pool", func(x []float32) float32 {
		sum := 0.0
		for _, v := range x {
			sum += math.Pow(math.Abs(float64(v)), p)
		}
		return float32(math.Pow(sum, 1/p))
	})
}

func (n *Node) globalPool(name string, of func(x []float32) float32) error {
	shape, err := n.only()
	if err != nil {
		return err
	}
	if len(shape) < 3 {
		return fmt.Errorf("%w: nothing to pool in shape %v", ErrMalformed, shape)
	}
	to := append([]int{}, shape...)
	for i := range to[2:] {
		to[2+i] = 1
	}
	return n.give(globalPoolOp{name: name, of: of}, to, 0)
}

type globalPoolOp struct {
	weightless
	name string
	of   func(x []float32) float32
}

func (l globalPoolOp) Load() (Kernel, error) { return l, nil }
func (l globalPoolOp) String() string        { return l.name }

func (l globalPoolOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, z := xs[0].Float32s(), y.Float32s()
	each := len(x) / len(z)
	for i := range z {
		z[i] = l.of(x[i*each:][:each])
	}
	return nil
}
