package op

import (
	"fmt"

	"gorgonia.org/tensor"
)

// reverseSequence turns round the first elements of each sequence, as many as it
// has; the rest, padding, stays.
func reverseSequence(n *Node) error {
	if err := n.takes(2, 2); err != nil {
		return err
	}
	shape, err := n.dims(0)
	if err != nil {
		return err
	}
	lengths, err := n.dims(1)
	if err != nil {
		return err
	}
	batch, time := n.Int("batch_axis", 1), n.Int("time_axis", 0)
	if batch+time != 1 || batch*time != 0 || len(shape) < 2 || len(lengths) != 1 || lengths[0] != shape[batch] {
		return fmt.Errorf("%w: batch axis %d, time axis %d and lengths of shape %v for shape %v", ErrMalformed, batch, time, lengths, shape)
	}
	return n.combine(reverseSequenceOp{batch: int(batch), time: int(time)}, shape, 0, 1)
}

type reverseSequenceOp struct {
	weightless
	batch, time int // which dimensions they are
}

func (l reverseSequenceOp) Moves() bool           { return true }
func (l reverseSequenceOp) Load() (Kernel, error) { return l, nil }
func (l reverseSequenceOp) String() string        { return "reverse sequences" }

func (l reverseSequenceOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	x, z, shape := xs[0].Float32s(), y.Float32s(), xs[0].Shape()
	unit := Volume(shape[2:])
	step := [2]int{shape[1] * unit, unit}
	for b, v := range xs[1].Float32s() {
		count := int(v)
		if !(v >= 0 && count <= shape[l.time]) {
			return fmt.Errorf("a length of %v of %d: %w", v, shape[l.time], ErrIndex)
		}
		for t := range shape[l.time] {
			from := t
			if t < count {
				from = count - 1 - t
			}
			copy(z[b*step[l.batch]+t*step[l.time]:][:unit], x[b*step[l.batch]+from*step[l.time]:])
		}
	}
	return nil
}
