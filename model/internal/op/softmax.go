package op

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"
)

// softmax reads Y = exp(X) / sum(exp(X)), the sum over one axis; before version
// 13 over that axis and all after it.
func softmax(n *Node) error {
	shape, err := n.only()
	if err != nil {
		return err
	}
	rest := n.Opset < 13
	otherwise := int64(-1)
	if rest {
		otherwise = 1
	}
	a, err := axis(n.Int("axis", otherwise), len(shape))
	if err != nil {
		return err
	}
	l := softmaxOp{axis: a, over: shape[a]}
	if rest {
		l.rest, l.over = true, Volume(shape[a:])
	}
	return n.give(l, shape, 0)
}

// softmaxOp subtracts the largest first, so that no finite input overflows.
type softmaxOp struct {
	weightless
	axis, over int
	rest       bool // over the axes behind as well
}

func (l softmaxOp) InPlace()              {}
func (l softmaxOp) Load() (Kernel, error) { return l, nil }
func (l softmaxOp) String() string        { return fmt.Sprintf("softmax over %d", l.over) }

func (l softmaxOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, z, shape := xs[0].Float32s(), y.Float32s(), xs[0].Shape()
	outer, along, inner := Volume(shape[:l.axis]), shape[l.axis], Volume(shape[l.axis+1:])
	if l.rest {
		along, inner = along*inner, 1
	}
	for o := range outer {
		for i := range inner {
			at := o*along*inner + i
			last := at + (along-1)*inner
			normalise(z[at:last+1], x[at:last+1], inner)
		}
	}
	return nil
}

// normalise takes every step-th element.
func normalise(y, x []float32, step int) {
	top := x[0]
	for i := 0; i < len(x); i += step {
		top = max(top, x[i])
	}
	sum := 0.0
	for i := 0; i < len(x); i += step {
		e := math.Exp(float64(x[i] - top))
		y[i] = float32(e)
		sum += e
	}
	for i := 0; i < len(x); i += step {
		y[i] = float32(float64(y[i]) / sum)
	}
}
