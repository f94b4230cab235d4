package op

import (
	"fmt"

	"gorgonia.org/tensor"
)

// rotaryEmbedding turns pairs of numbers of each head by angles that grow with
// the position: Su et al. 2021. Pairs are neighbours where they are interleaved,
// and otherwise an element of the first half with one of the second.
func rotaryEmbedding(n *Node) error {
	if err := n.takes(3, 4); err != nil {
		return err
	}
	shape, err := n.dims(0)
	if err != nil {
		return err
	}
	l := &rotaryOp{interleaved: n.Int("interleaved", 0) != 0}
	if !l.x.read(shape, n.Int("num_heads", 0)) {
		return fmt.Errorf("%w: %d heads of shape %v", ErrMalformed, n.Int("num_heads", 0), shape)
	}
	turned := n.Int("rotary_embedding_dim", 0)
	if turned == 0 {
		turned = int64(l.x.size)
	}
	cos, err := n.dims(1)
	if err != nil {
		return err
	}
	sin, err := n.dims(2)
	if err != nil {
		return err
	}
	l.half = int(turned / 2)
	rank := 3
	if n.has(3) {
		rank = 2
	}
	if turned < 2 || turned%2 != 0 || turned > int64(l.x.size) || len(cos) != rank || cos[rank-1] != l.half || fmt.Sprint(cos) != fmt.Sprint(sin) {
		return fmt.Errorf("%w: angles of shapes %v and %v for %d numbers", ErrMalformed, cos, sin, turned)
	}
	if n.has(3) {
		ids, err := n.dims(3)
		if err != nil {
			return err
		}
		if l.positions = cos[0]; Volume(ids) != l.x.batch*l.x.length {
			return fmt.Errorf("%w: positions of shape %v", ErrMalformed, ids)
		}
	} else if Volume(cos) != l.x.batch*l.x.length*l.half {
		return fmt.Errorf("%w: angles of shape %v for %v", ErrMalformed, cos, shape)
	}
	return n.combine(l, shape, 0, 1, 2, 3)
}

type rotaryOp struct {
	weightless
	x           heads
	half        int // pairs
	interleaved bool
	positions   int // that there are angles for, where positions are told
}

func (l *rotaryOp) Load() (Kernel, error) { return l, nil }
func (l *rotaryOp) String() string        { return fmt.Sprintf("rotary embedding of %d heads", l.x.heads) }

func (l *rotaryOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, z, cos, sin := xs[0].Float32s(), y.Float32s(), xs[1].Float32s(), xs[2].Float32s()
	for b := range l.x.batch {
		for i := range l.x.length {
			at := b*l.x.length + i
			if len(xs) > 3 && xs[3] != nil {
				at = min(max(int(xs[3].Float32s()[at]), 0), l.positions-1)
			}
			c, s := cos[at*l.half:][:l.half], sin[at*l.half:][:l.half]
			for h := range l.x.heads {
				row := l.x.row(b, h, i)
				l.turn(z[row:][:l.x.size], x[row:][:l.x.size], c, s)
			}
		}
	}
	return nil
}

// turn turns the pairs of one head; what has no angle stays.
func (l *rotaryOp) turn(y, x, cos, sin []float32) {
	copy(y[2*l.half:], x[2*l.half:])
	for p := range l.half {
		i, j := p, p+l.half
		if l.interleaved {
			i, j = 2*p, 2*p+1
		}
		y[i], y[j] = cos[p]*x[i]-sin[p]*x[j], sin[p]*x[i]+cos[p]*x[j]
	}
}
