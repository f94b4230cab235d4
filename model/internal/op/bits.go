package op

import (
	"fmt"
	"math"

	"tandem/model/internal/onnx"
)

// bitwise reads an operator on the bits of two integers.
func bitwise(name string, of func(a, b int64) int64) Operator {
	b := &binary{
		name: name,
		line: func(y, a, b []float32, sa, sb int) {
			for i := range y {
				y[i] = float32(of(int64(a[i*sa]), int64(b[i*sb])))
			}
		},
		ints: func(a, b int64) (int64, error) { return of(a, b), nil },
	}
	return Operator{
		Read: func(n *Node) error {
			if err := n.takes(2, 2); err != nil {
				return err
			}
			if err := few(n.holds(0)); err != nil {
				return err
			}
			return b.read(n)
		},
		Fold: b.fold,
	}
}

// few refuses types with more bits than float32 holds.
func few(t onnx.DataType) error {
	if _, most := t.Range(); !t.Integer() || most > exact {
		return fmt.Errorf("bits of %v: %w: those of types with 16 at most are", t, ErrUnsupported)
	}
	return nil
}

// bitNot turns all bits over.
func bitNot(n *Node) error {
	if len(n.In) == 1 {
		if err := few(n.holds(0)); err != nil {
			return err
		}
	}
	least, most := n.holds(0).Range()
	return n.each(curve{name: "bitwise not", of: func(y, x []float32) {
		for i, v := range x {
			y[i] = float32(least+most) - v
		}
	}})
}

func bitAnd(a, b int64) int64 { return a & b }
func bitOr(a, b int64) int64  { return a | b }
func bitXor(a, b int64) int64 { return a ^ b }

// bitShift moves bits to the left or to the right; what leaves the type is lost.
func bitShift(n *Node) error {
	if err := n.takes(2, 2); err != nil {
		return err
	}
	size := 1.0 // of the type; float32 holds its numbers with 24 bits, and so when they are shifted
	if _, most := n.holds(0).Range(); most < exact {
		size = most + 1
	} else if n.holds(0) == onnx.Uint32 {
		size = math.Ldexp(1, 32)
	} else {
		size = math.Ldexp(1, 64)
	}
	shifts := map[string]func(a, b float64) float64{
		"LEFT":  func(a, b float64) float64 { return math.Mod(math.Ldexp(a, int(b)), size) },
		"RIGHT": func(a, b float64) float64 { return math.Floor(math.Ldexp(a, -int(b))) },
	}
	of := shifts[n.word("direction", "")]
	if of == nil {
		return fmt.Errorf("%w: direction %.20q", ErrMalformed, n.word("direction", ""))
	}
	return (&binary{name: "bit shift", line: pairwise(of)}).read(n)
}
