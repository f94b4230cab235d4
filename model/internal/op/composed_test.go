package op

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A composed operation gives what its pieces give one after the other, also
// where there is more than a block of them.
func TestComposedByFormula(t *testing.T) {
	exp := curve{name: "exp", of: func(y, x []float32) {
		for i, v := range x {
			y[i] = float32(math.Exp(float64(v)))
		}
	}}
	two := &arithmeticOp{of: multiply, line: multiply.line, constant: reals(nil, 2)}
	from := &arithmeticOp{of: subtract, line: subtract.line, constant: reals(dims(1), 1), first: true}
	sum := &arithmeticOp{of: add, line: add.line}
	o := &composedOp{pieces: []piece{{exp, [2]int{0, 0}}, {two, [2]int{1, 0}}, {from, [2]int{0, 0}}, {sum, [2]int{2, 3}}}}
	x := random(rand.New(rand.NewPCG(1, 2)), 1, 3, block)
	var want []float32
	for _, v := range x.Float32s() {
		want = append(want, 2*float32(math.Exp(float64(v)))+(1-v))
	}
	alike(t, "composed", apply(t, o, x.Shape(), x), want, 1e-6)
}
