package op

import (
	"fmt"

	"gorgonia.org/tensor"
)

// Slices and pads whose places are computed. How much they take is the shape
// that the file declares; where from, the frame says.

// movingSliceOp takes a part of x: starts, axes and steps are the inputs behind
// it, of which the last two may be left out.
type movingSliceOp struct{ weightless }

func (l movingSliceOp) Load() (Kernel, error) { return l, nil }
func (l movingSliceOp) String() string        { return "slice at a computed place" }

func (l movingSliceOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	m := moving{rank: len(y.Shape())}
	for k := range m.rank {
		m.steps[k] = 1
	}
	for i, start := range xs[1].Float32s() {
		k := i
		if xs[2] != nil {
			var err error
			if k, err = place(xs[2].Float32s()[i], m.rank); err != nil {
				return err
			}
		}
		if xs[3] != nil {
			m.steps[k] = int(xs[3].Float32s()[i])
		}
		n := xs[0].Shape()[k]
		if start < 0 {
			start += float32(n)
		}
		m.starts[k] = int(min(max(start, 0), float32(n-1)))
	}
	return m.apply(y, xs[0], 0)
}

// movingPadOp puts elements around x: pads, the number to pad with, and axes are
// the inputs behind it, of which the last two may be left out.
type movingPadOp struct {
	weightless
	mode string
}

func (l movingPadOp) Load() (Kernel, error) { return l, nil }
func (l movingPadOp) String() string        { return "pad of a computed size" }

func (l movingPadOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	m := moving{rank: len(y.Shape()), mode: l.mode}
	pads := xs[1].Float32s()
	for i, before := range pads[:len(pads)/2] {
		k := i
		if xs[3] != nil {
			var err error
			if k, err = place(xs[3].Float32s()[i], m.rank); err != nil {
				return err
			}
		}
		m.starts[k] = -int(min(max(before, -MaxVolume), MaxVolume))
	}
	pad := float32(0)
	if xs[2] != nil {
		pad = xs[2].Float32s()[0]
	}
	return m.apply(y, xs[0], pad)
}

// moving is which element of x each one of y is, by dimension.
type moving struct {
	rank          int
	starts, steps [MaxRank]int
	mode          string // of a pad
}

func (m *moving) apply(y, x *tensor.Dense, pad float32) error {
	from, z := x.Float32s(), y.Float32s()
	for i := range z {
		at, rest, inside := 0, i, true
		for k := m.rank - 1; k >= 0; k-- {
			d, n := y.Shape()[k], x.Shape()[k]
			c := chosen{start: m.starts[k], step: m.steps[k], mode: m.mode}
			p := c.at(rest%d, n)
			rest /= d
			if m.mode != "constant" && (p < 0 || p >= n) {
				return fmt.Errorf("element %d of a dimension of %d: %w", p, n, ErrIndex)
			}
			inside = inside && p >= 0
			at += p * x.Strides()[k]
		}
		if z[i] = pad; inside {
			z[i] = from[at]
		}
	}
	return nil
}
