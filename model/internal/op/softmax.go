package op

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// normalising reads Softmax and its kin, which make numbers along one axis a
// distribution; before version 13 along that axis and all after it.
func normalising(name string, line func(y, x []float32, step int)) Operator {
	return Operator{Read: func(n *Node) error {
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
		l := softmaxOp{name: name, line: line, axis: a, over: shape[a]}
		if rest {
			l.rest, l.over = true, Volume(shape[a:])
		}
		return n.give(l, shape, 0)
	}}
}

type softmaxOp struct {
	weightless
	name       string
	line       func(y, x []float32, step int) // of every step-th element
	axis, over int
	rest       bool // over the axes behind as well
}

func (l softmaxOp) InPlace()              {}
func (l softmaxOp) Load() (Kernel, error) { return l, nil }
func (l softmaxOp) String() string        { return fmt.Sprintf("%s over %d", l.name, l.over) }

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
			l.line(z[at:last+1], x[at:last+1], inner)
		}
	}
	return nil
}

// softmax is exp(x) / sum(exp(x)). The largest is subtracted first, so that no
// finite input overflows.
func softmax(y, x []float32, step int) {
	top := largest(x, step)
	if step == 1 {
		f32.Scaled(1, -top, f32.Linear).Apply(y, x)
		f32.Exp.Apply(y, y)
		var sum [1]float32
		f32.Sums(sum[:], y, len(y))
		f32.Scaled(1/sum[0], 0, f32.Linear).Apply(y, y)
		return
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

// logSoftmax is the logarithm of softmax.
func logSoftmax(y, x []float32, step int) {
	top := largest(x, step)
	sum := 0.0
	for i := 0; i < len(x); i += step {
		sum += math.Exp(float64(x[i] - top))
	}
	sum = math.Log(sum)
	for i := 0; i < len(x); i += step {
		y[i] = float32(float64(x[i]-top) - sum)
	}
}

// hardmax is 1 for the first of the largest, and 0 for the others.
func hardmax(y, x []float32, step int) {
	top, found := largest(x, step), false
	for i := 0; i < len(x); i += step {
		is := x[i] == top && !found
		found = found || is
		y[i] = truth(is)
	}
}

func largest(x []float32, step int) float32 {
	top := x[0]
	for i := 0; i < len(x); i += step {
		top = max(top, x[i])
	}
	return top
}
