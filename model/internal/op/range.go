package op

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"
)

// foldRange counts from a start up to a limit in equal steps.
func foldRange(n *Node) error {
	if err := n.takes(3, 3); err != nil {
		return err
	}
	var of [3]*Constant
	for i := range of {
		var err error
		if of[i], _, err = n.small(i); err != nil {
			return err
		}
		if of[i].volume() != 1 || of[i].Type != of[0].Type {
			return fmt.Errorf("%w: input %d (%.80q) is of shape %d and %v, want one number of one type", ErrMalformed, i, n.Inputs[i], of[i].Dims, of[i].Type)
		}
	}
	start, limit, step := of[0].number(), of[1].number(), of[2].number()
	if step == 0 {
		return fmt.Errorf("%w: a range with step 0", ErrMalformed)
	}
	size := math.Ceil((limit - start) / step)
	if !(size >= 0 && size <= MaxVolume) {
		size = max(0, min(size, MaxVolume+1))
	}
	if size < 1 || size > MaxVolume {
		return fmt.Errorf("a range from %v to %v in steps of %v: %w: 1 to %d numbers are", start, limit, step, ErrUnsupported, MaxVolume)
	}
	if err := n.Budget.spend(8 * int64(size+8)); err != nil {
		return err
	}
	y := &Constant{Type: of[0].Type, Dims: []int64{int64(size)}}
	for i := range int(size) {
		if y.Type.Integer() {
			y.ints = append(y.ints, of[0].ints[0]+int64(i)*of[2].ints[0])
		} else {
			y.reals = append(y.reals, float32(start+float64(i)*step))
		}
	}
	return n.known(y)
}

// number is the first element of a constant that is known.
func (c *Constant) number() float64 {
	if c.Type.Integer() {
		return float64(c.ints[0])
	}
	return float64(c.reals[0])
}

// rangeOf counts from a start that is computed, as many numbers as the file
// declares.
func rangeOf(n *Node) error {
	if err := n.takes(3, 3); err != nil {
		return err
	}
	to := n.declared(0)
	if len(to) != 1 {
		return needsConstants(n)
	}
	return n.combine(rangeOp{}, to, 0, 2)
}

type rangeOp struct{ weightless }

func (l rangeOp) Load() (Kernel, error) { return l, nil }
func (l rangeOp) String() string        { return "range" }

func (l rangeOp) Apply(y *tensor.Dense, xs []*tensor.Dense, _ With) error {
	start, step := xs[0].Float32s()[0], xs[1].Float32s()[0]
	z := y.Float32s()
	for i := range z {
		z[i] = start + float32(i)*step
	}
	return nil
}
