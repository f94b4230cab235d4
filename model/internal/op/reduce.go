package op

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// reduction is how many numbers become one.
type reduction struct {
	name  string
	start float32
	add   func(sum, v float32) float32 // nil: a plain sum
	pair  f32.Pair                     // that it is of two numbers; 0: none
	done  func(v float32, count int) float32
}

var (
	sumOf     = reduction{name: "sum", pair: f32.Add}
	meanOf    = reduction{name: "mean", pair: f32.Add, done: func(v float32, count int) float32 { return v / float32(count) }}
	productOf = reduction{name: "product", start: 1, pair: f32.Multiply, add: func(sum, v float32) float32 { return sum * v }}
	maximumOf = reduction{name: "maximum", pair: f32.Larger, start: float32(math.Inf(-1)), add: func(sum, v float32) float32 { return max(sum, v) }}
	minimumOf = reduction{name: "minimum", pair: f32.Smaller, start: float32(math.Inf(1)), add: func(sum, v float32) float32 { return min(sum, v) }}
	l1Of      = reduction{name: "l1 norm", add: func(sum, v float32) float32 { return sum + float32(math.Abs(float64(v))) }}
	l2Of      = reduction{name: "l2 norm", add: square, done: func(v float32, _ int) float32 { return float32(math.Sqrt(float64(v))) }}
	squaresOf = reduction{name: "sum of squares", add: square}
	logSumOf  = reduction{name: "log of sum", done: func(v float32, _ int) float32 { return float32(math.Log(float64(v))) }}
	expSumOf  = reduction{name: "log of sum of exp", start: float32(math.Inf(-1)), add: addExp}
)

func square(sum, v float32) float32 { return sum + v*v }

// addExp is log(exp(a) + exp(b)), which overflows for no finite numbers.
func addExp(a, b float32) float32 {
	a, b = max(a, b), min(a, b)
	if math.IsInf(float64(a), 0) {
		return a
	}
	return a + float32(math.Log1p(math.Exp(float64(b-a))))
}

// reducing reads the reduction over some axes: from an attribute, or from an
// input (ReduceSum from version 13 on, the others from 18).
func reducing(by reduction) Operator {
	return Operator{Read: func(n *Node) error {
		if err := n.takes(1, 2); err != nil {
			return err
		}
		shape, err := n.activation(0)
		if err != nil {
			return err
		}
		list, err := n.ints(1, "axes")
		if err != nil {
			return err
		}
		over, err := axes(list, len(shape))
		if err != nil {
			return err
		}
		if len(list) == 0 && n.Int("noop_with_empty_axes", 0) == 0 {
			for i := range over {
				over[i] = true
			}
		}
		return n.reduce(by, shape, over, n.Int("keepdims", 1) != 0)
	}}
}

// reduce gives the reduction over the axes that are marked; they stay as
// dimensions of 1 if they are kept.
func (n *Node) reduce(by reduction, shape []int, over []bool, kept bool) error {
	l := reduceOp{by: by, over: over, kept: kept, count: 1, whole: n.holds(0).Integer()}
	to := []int{}
	for i, d := range shape {
		if !over[i] {
			to = append(to, d)
			continue
		}
		l.count *= d
		if kept {
			to = append(to, 1)
		}
	}
	return n.give(l, to, 0)
}

type reduceOp struct {
	weightless
	by    reduction
	over  []bool
	kept  bool
	count int  // elements that become one
	whole bool // they are integers
}

func (l reduceOp) Strided()              {}
func (l reduceOp) String() string        { return fmt.Sprintf("%s of %d", l.by.name, l.count) }
func (l reduceOp) Load() (Kernel, error) { return l, nil }

func (l reduceOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, z := xs[0].Float32s(), y.Float32s()
	fill(z, l.by.start)
	w := l.walk(y.Info(), xs[0].Info())
	n, move := w.inner()
	if l.by.add == nil && move == (moves{0, 1}) && n*len(z) == len(x) && (w.rank == 1 || w.rank == 2 && w.moves[0] == (moves{1, n})) {
		f32.Sums(z, x, n) // as of the planes of a global pool
		l.end(z)
		return nil
	}
	var part [1]float32
	var room [4 * someSummed]float32
	for at := (moves{}); ; {
		line, to := x[at[1]:], z[at[0]:]
		switch {
		case l.by.pair != 0 && move == (moves{1, 1}):
			l.by.pair.Apply(to[:n], to[:n], line[:n], f32.Linear)
		case l.by.pair != 0 && l.by.add != nil && move == (moves{0, 1}) && n >= someSummed:
			to[0] = l.by.add(to[0], l.folded(room[:], line[:n]))
		case l.by.add != nil:
			for i := range n {
				to[i*move[0]] = l.by.add(to[i*move[0]], line[i*move[1]])
			}
		case move[0] == 0 && move[1] == 1:
			f32.Sums(part[:], line[:n], n)
			to[0] += part[0]
		default:
			for i := range n {
				to[i*move[0]] += line[i*move[1]]
			}
		}
		if !w.next(&at) {
			break
		}
	}
	l.end(z)
	return nil
}

// folded is a line reduced to one number: line upon line of a few at first.
func (l reduceOp) folded(room, x []float32) float32 {
	room = room[:min(len(room), len(x)/2)]
	copy(room, x)
	for x = x[len(room):]; len(x) > 0; x = x[min(len(room), len(x)):] {
		some := room[:min(len(room), len(x))]
		l.by.pair.Apply(some, some, x[:len(some)], f32.Linear)
	}
	for n := len(room); n > 8; n = (n + 1) / 2 {
		half := n / 2
		l.by.pair.Apply(room[:half], room[:half], room[n-half:n], f32.Linear)
		room = room[:(n+1)/2]
	}
	result := room[0]
	for _, v := range room[1:] {
		result = l.by.add(result, v)
	}
	return result
}

// end makes results of what was summed up.
func (l reduceOp) end(z []float32) {
	for i, v := range z {
		if l.by.done != nil {
			v = l.by.done(v, l.count)
		}
		if l.whole {
			v = float32(math.Trunc(float64(v)))
		}
		z[i] = v
	}
}

// walk is over all of x, and stays where it is in y along what is reduced.
func (l reduceOp) walk(y, x *tensor.AP) (w walk) {
	axis := 0 // of y
	for i, d := range x.Shape() {
		move := 0
		if !l.over[i] {
			move = y.Strides()[axis]
		}
		if !l.over[i] || l.kept {
			axis++
		}
		w.add(d, moves{move, x.Strides()[i]})
	}
	return w
}
