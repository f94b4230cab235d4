package op

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// normalising reads Softmax and its kin, which make numbers along one axis a
// distribution; before version 13 along that axis and all after it.
func normalising(name string, line func(y, x []float32, step int), rows func(y, x []float32, n int)) Operator {
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
		l := softmaxOp{name: name, line: line, rows: rows, axis: a, over: shape[a]}
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
	rows       func(y, x []float32, n int)    // of neighbours, n together; nil: as line
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
	switch {
	case l.rows != nil && inner == 1:
		l.rows(z, x, along)
		return nil
	case l.rows != nil && inner >= lines:
		for o := range outer {
			softmaxAcross(z[o*along*inner:][:along*inner], x[o*along*inner:][:along*inner], inner)
		}
		return nil
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

// softmaxRows is softmax of rows of n neighbours, some of which stay in the nearest cache while four kernels pass over them.
func softmaxRows(y, x []float32, n int) {
	const most = 16
	some := max(1, min(most, block/n)) * n
	for from := 0; from < len(x); from += some {
		x, y := x[from:min(from+some, len(x))], y[from:min(from+some, len(x))]
		for at := 0; at < len(x); at += n {
			f32.Scaled(1, -largest(x[at:at+n], 1), f32.Linear).Apply(y[at:at+n], x[at:at+n])
		}
		f32.Exp.Apply(y, y)
		var room [most]float32
		sums := room[:len(y)/n]
		f32.Sums(sums, y, n)
		for i, sum := range sums {
			row := y[i*n:][:n]
			f32.Scaled(1/sum, 0, f32.Linear).Apply(row, row)
		}
	}
}

// lines is from how many neighbours on softmaxAcross is worth its calls.
const lines = 16

// softmaxAcross is softmax of every inner-th element, of some neighbours at a time.
func softmaxAcross(y, x []float32, inner int) {
	const most = 256
	var tops, sums [most]float32
	for from := 0; from < inner; from += most {
		n := min(most, inner-from)
		top, sum := tops[:n], sums[:n]
		copy(top, x[from:])
		for at := from + inner; at < len(x); at += inner {
			f32.Larger.Apply(top, top, x[at:at+n], f32.Linear)
		}
		clear(sum)
		for at := from; at < len(x); at += inner {
			row := y[at : at+n]
			f32.Subtract.Apply(row, x[at:at+n], top, f32.Linear)
			f32.Exp.Apply(row, row)
			f32.Add.Apply(sum, sum, row, f32.Linear)
		}
		for at := from; at < len(x); at += inner {
			row := y[at : at+n]
			f32.Divide.Apply(row, row, sum, f32.Linear)
		}
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

// largest passes over numbers that are not: the sum of what becomes of them is none, either.
func largest(x []float32, step int) float32 {
	if step == 1 {
		return largestOf(x)
	}
	top := x[0]
	for i := 0; i < len(x); i += step {
		if v := x[i]; v > top {
			top = v
		}
	}
	return top
}

// largestOf keeps the largest of every fourth number, so that no comparison waits for the one before.
func largestOf(x []float32) float32 {
	top := x[0]
	if len(x) >= 4 {
		a, b, c, d := x[0], x[1], x[2], x[3]
		for ; len(x) >= 4; x = x[4:] {
			if x[0] > a {
				a = x[0]
			}
			if x[1] > b {
				b = x[1]
			}
			if x[2] > c {
				c = x[2]
			}
			if x[3] > d {
				d = x[3]
			}
		}
		top = max(a, b, c, d)
	}
	for _, v := range x {
		if v > top {
			top = v
		}
	}
	return top
}
