package op

import (
	"fmt"

	"gorgonia.org/tensor"
)

// trilu keeps the upper or the lower triangle of the matrices that the last two
// dimensions are: from diagonal k on, or up to it. The rest is 0.
func trilu(n *Node) error {
	if err := n.takes(1, 2); err != nil {
		return err
	}
	shape, err := n.dims(0)
	if err != nil {
		return err
	}
	if len(shape) < 2 {
		return fmt.Errorf("%w: shape %v is no matrix", ErrMalformed, shape)
	}
	return n.combine(triluOp{upper: n.Int("upper", 1) != 0}, shape, 0, 1)
}

type triluOp struct {
	weightless
	upper bool
}

func (l triluOp) Load() (Kernel, error) { return l, nil }

func (l triluOp) String() string {
	if l.upper {
		return "upper triangle"
	}
	return "lower triangle"
}

func (l triluOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	k := 0
	if len(xs) > 1 && xs[1] != nil {
		k = int(max(-MaxVolume, min(MaxVolume, xs[1].Float32s()[0])))
	}
	z := y.Float32s()
	copy(z, xs[0].Float32s())
	last := len(y.Shape()) - 1
	rows, cols := y.Shape()[last-1], y.Shape()[last]
	for i := range len(z) / cols {
		line := z[i*cols:][:cols]
		at := min(max(i%rows+k, 0), cols) // of the diagonal
		if l.upper {
			clear(line[:at])
		} else if at = min(max(i%rows+k+1, 0), cols); at < cols {
			clear(line[at:])
		}
	}
	return nil
}
