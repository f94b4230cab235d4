package op

import (
	"math"

	"tandem/model/internal/onnx"
)

// Comparisons, and what is done with truth: 1 is true and 0 is false.

func comparing(name string, is func(a, b float32) bool) Operator {
	return arithmetic(&binary{name: name, gives: onnx.Bool, line: func(y, a, b []float32, sa, sb int) {
		for i := range y {
			y[i] = truth(is(a[i*sa], b[i*sb]))
		}
	}})
}

func truth(is bool) float32 {
	if is {
		return 1
	}
	return 0
}

func equal(a, b float32) bool          { return a == b }
func greater(a, b float32) bool        { return a > b }
func greaterOrEqual(a, b float32) bool { return a >= b }
func less(a, b float32) bool           { return a < b }
func lessOrEqual(a, b float32) bool    { return a <= b }
func and(a, b float32) bool            { return a != 0 && b != 0 }
func or(a, b float32) bool             { return a != 0 || b != 0 }
func xor(a, b float32) bool            { return (a != 0) != (b != 0) }

// asking reads an operator that says of each number whether something is true.
func asking(name string, is func(x float32) bool) Operator {
	return Operator{Read: func(n *Node) error {
		return n.typed(onnx.Bool, n.each(curve{name: name, of: func(y, x []float32) {
			for i, v := range x {
				y[i] = truth(is(v))
			}
		}}))
	}}
}

func not(x float32) bool   { return x == 0 }
func isNaN(x float32) bool { return x != x }

// isInf asks for infinities of both signs, or of one.
func isInf(n *Node) error {
	up, down := n.Int("detect_positive", 1) != 0, n.Int("detect_negative", 1) != 0
	return asking("is infinite", func(x float32) bool {
		return up && x > math.MaxFloat32 || down && x < -math.MaxFloat32
	}).Read(n)
}
