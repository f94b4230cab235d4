package op

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"tandem/model/internal/onnx"
)

// finding reads ArgMax and ArgMin: where along an axis the number is that beats
// all others; of several the first, or the last.
func finding(name string, beats func(a, b float32) bool) Operator {
	return Operator{Read: func(n *Node) error {
		shape, err := n.only()
		if err != nil {
			return err
		}
		a, err := axis(n.Int("axis", 0), len(shape))
		if err != nil {
			return err
		}
		to := slices.Clone(shape)
		if to[a] = 1; n.Int("keepdims", 1) == 0 {
			to = slices.Delete(to, a, a+1)
		}
		o := findOp{name: name, beats: beats, axis: a, last: n.Int("select_last_index", 0) != 0}
		return n.typed(onnx.Int64, n.give(o, to, 0))
	}}
}

type findOp struct {
	weightless
	name  string
	beats func(a, b float32) bool
	axis  int
	last  bool
}

func (l findOp) Load() (Kernel, error) { return l, nil }
func (l findOp) String() string        { return fmt.Sprintf("%s along axis %d", l.name, l.axis) }

func (l findOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, z, shape := xs[0].Float32s(), y.Float32s(), xs[0].Shape()
	along, inner := shape[l.axis], Volume(shape[l.axis+1:])
	for i := range z {
		line := x[i/inner*along*inner+i%inner:]
		best := 0
		for k := 1; k < along; k++ {
			if v, top := line[k*inner], line[best*inner]; l.beats(v, top) || l.last && v == top {
				best = k
			}
		}
		z[i] = float32(best)
	}
	return nil
}
