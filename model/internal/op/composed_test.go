package op

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"tandem/model/internal/f32"
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

// What is written out is a known function only where it is that one everywhere: a
// bound far from where such functions bend stays.
func TestComposedIsKnown(t *testing.T) {
	with := func(o *binary, number float32) *arithmeticOp {
		return &arithmeticOp{of: o, line: o.line, constant: reals(nil, number)}
	}
	times, plus := &arithmeticOp{of: multiply, line: multiply.line}, &arithmeticOp{of: add, line: add.line}
	swish := []piece{{inVectors("sigmoid", f32.Sigmoid), [2]int{0, 0}}, {times, [2]int{0, 1}}}
	gelu := []piece{{with(power, 3), [2]int{0, 0}}, {with(multiply, 0.044715), [2]int{1, 0}}, {plus, [2]int{0, 2}}, {with(multiply, 0.7978846), [2]int{3, 0}},
		{inVectors("tanh", f32.Tanh), [2]int{4, 0}}, {with(add, 1), [2]int{5, 0}}, {times, [2]int{0, 6}}, {with(multiply, 0.5), [2]int{7, 0}}}
	for name, pieces := range map[string][]piece{"swish": swish, "gelu": gelu} {
		if known := (&composedOp{pieces: pieces}).known(); known == nil || known.String() != name {
			t.Errorf("%s is known as %v", name, known)
		}
		for _, most := range []float32{6, 10, 17, 1e5} {
			bound := clampOp{bounds: f32.Clamp{Min: -1, Max: most}, name: "clip"}
			o := &composedOp{pieces: append(slices.Clone(pieces), piece{bound, [2]int{len(pieces), 0}})}
			if known := o.known(); known != nil {
				t.Errorf("%s up to %v is known as %v", name, most, known)
			}
		}
	}
}
