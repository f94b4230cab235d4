package op

import (
	"fmt"
	"slices"
	"sort"

	"gorgonia.org/tensor"

	"tandem/model/internal/onnx"
)

// topK gives the largest or the smallest numbers along an axis, and where they
// are: in order, of equal ones the first one first.
func topK(n *Node) error {
	if err := n.takes(1, 2); err != nil {
		return err
	}
	shape, err := n.activation(0)
	if err != nil {
		return err
	}
	a, err := axis(n.Int("axis", -1), len(shape))
	if err != nil {
		return err
	}
	k := []int64{n.Int("k", 0)} // before version 10
	if n.has(1) {
		if k, err = n.ints(1, ""); err != nil {
			return err
		}
	}
	if len(k) != 1 || k[0] < 1 || k[0] > int64(shape[a]) {
		return fmt.Errorf("%w: the first %d of %d", ErrMalformed, k, shape[a])
	}
	to := slices.Clone(shape)
	to[a] = int(k[0])
	o := topKOp{axis: a, count: to[a], of: shape[a], smallest: n.Int("largest", 1) == 0}
	if err := n.give(o, to, 0); err != nil {
		return err
	}
	return n.also(to, onnx.Int64)
}

type topKOp struct {
	weightless
	axis, count, of int
	smallest        bool
}

func (l topKOp) String() string { return fmt.Sprintf("top %d of %d", l.count, l.of) }

func (l topKOp) Load() (Kernel, error) {
	return &topKKernel{topKOp: l, places: make([]int, l.of)}, nil
}

// topKKernel sorts the places of a line by the numbers that are there.
type topKKernel struct {
	topKOp
	places []int
	line   []float32
	step   int
}

func (k *topKKernel) Len() int      { return len(k.places) }
func (k *topKKernel) Swap(i, j int) { k.places[i], k.places[j] = k.places[j], k.places[i] }

func (k *topKKernel) Less(i, j int) bool {
	a, b := k.line[k.places[i]*k.step], k.line[k.places[j]*k.step]
	switch {
	case a == b:
		return k.places[i] < k.places[j]
	case k.smallest:
		return a < b
	}
	return a > b
}

func (k *topKKernel) Apply(y *tensor.Dense, xs []*tensor.Dense, with With) error {
	x, z, at := xs[0].Float32s(), y.Float32s(), with.More[0].Float32s()
	k.step = Volume(xs[0].Shape()[k.axis+1:])
	for line := range len(x) / k.of {
		outer, inner := line/k.step, line%k.step
		k.line = x[outer*k.of*k.step+inner:]
		for i := range k.places {
			k.places[i] = i
		}
		sort.Sort(k)
		for i, place := range k.places[:k.count] {
			to := (outer*k.count+i)*k.step + inner
			z[to], at[to] = k.line[place*k.step], float32(place)
		}
	}
	return nil
}
