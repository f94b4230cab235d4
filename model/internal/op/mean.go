package op

import (
	"fmt"

	"gorgonia.org/tensor"
)

// reduceMean averages over some axes, from an attribute before version 18, then
// from an input.
func reduceMean(n *Node) error {
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
	if len(list) == 0 {
		if n.Int("noop_with_empty_axes", 0) != 0 {
			return n.same(0)
		}
		for i := range over {
			over[i] = true
		}
	}
	return n.mean(shape, over, n.Int("keepdims", 1) != 0)
}

// globalAveragePool averages each plane.
func globalAveragePool(n *Node) error {
	shape, err := n.only()
	if err != nil {
		return err
	}
	if len(shape) < 3 {
		return fmt.Errorf("%w: nothing to pool in shape %d", ErrMalformed, shape)
	}
	over := make([]bool, len(shape))
	for i := range shape {
		over[i] = i >= 2
	}
	return n.mean(shape, over, true)
}

// mean gives the average over the axes that are marked; they stay as dimensions
// of 1 if they are kept.
func (n *Node) mean(shape []int, over []bool, kept bool) error {
	m := meanOp{over: over, kept: kept, count: 1}
	var to []int
	for i, d := range shape {
		if !over[i] {
			to = append(to, d)
			continue
		}
		m.count *= d
		if kept {
			to = append(to, 1)
		}
	}
	if len(to) == 0 {
		to = []int{1}
	}
	return n.give(m, to, 0)
}

type meanOp struct {
	weightless
	over  []bool
	kept  bool
	count int // elements of each average
}

func (l meanOp) Strided()              {}
func (l meanOp) String() string        { return fmt.Sprintf("mean of %d", l.count) }
func (l meanOp) Load() (Kernel, error) { return l, nil }

func (l meanOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, z := xs[0].Float32s(), y.Float32s()
	clear(z)
	w := l.walk(y.Info(), xs[0].Info())
	n, move := w.inner()
	for at := (moves{}); ; {
		line := x[at[1]:]
		if move[0] == 0 && move[1] == 1 {
			z[at[0]] += sum(line[:n])
		} else {
			to := z[at[0]:]
			for i := range n {
				to[i*move[0]] += line[i*move[1]]
			}
		}
		if !w.next(&at) {
			break
		}
	}
	scaleBy(z, 1/float32(l.count))
	return nil
}

// walk is over all of x, and stays where it is in y along what is averaged.
func (l meanOp) walk(y, x *tensor.AP) (w walk) {
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
