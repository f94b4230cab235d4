package op

import "testing"

// Every multiply-add is counted and costs time, whichever kernel computes it, and
// with constants as without.
func TestWorkHasItsCost(t *testing.T) {
	image, volume := dense(dims(1, 8, 16, 16)), dense(dims(1, 8, 8, 8, 8))
	filter, bytes := dense(dims(8, 8, 3, 3)), &Constant{Type: 2, Dims: wide(dims(8, 8, 3, 3)), ints: make([]int64, 8*8*9)}
	square, scale := &Constant{Type: 2, Dims: wide(dims(64, 64)), ints: make([]int64, 64*64)}, reals(nil, 1)
	for name, test := range map[string]struct {
		node     *Node
		work     int64
		from, to float64 // nanoseconds for a multiply-add
	}{
		"conv":                {node("Conv", nil, image, reals(dims(8, 8, 3, 3), make([]float32, 576)...)), 576 * 196, 0.01, 1},
		"computed weights":    {node("Conv", nil, image, filter), 576 * 196, 0.5, 5},
		"several samples":     {node("Conv", nil, dense(dims(3, 8, 16, 16)), reals(dims(8, 8, 3, 3), make([]float32, 576)...)), 3 * 576 * 196, 0.01, 1},
		"three dimensions":    {node("Conv", nil, volume, dense(dims(8, 8, 3, 3, 3))), 1728 * 216, 0.5, 5},
		"transposed":          {node("ConvTranspose", nil, image, reals(dims(8, 8, 3, 3), make([]float32, 576)...)), 576 * 256, 0.01, 5},
		"conv of integers":    {node("ConvInteger", nil, image, bytes), 576 * 196, 0.5, 5},
		"quantised conv":      {node("QLinearConv", nil, image, scale, of8(nil, 0), bytes, scale, of8(nil, 0), scale, of8(nil, 0)), 576 * 196, 0.5, 5},
		"product of integers": {node("MatMulInteger", nil, dense(dims(1, 16, 64)), square), 16 * 64 * 64, 0.5, 5},
		"quantised product":   {node("QLinearMatMul", nil, dense(dims(1, 16, 64)), scale, of8(nil, 0), square, scale, of8(nil, 0), scale, of8(nil, 0)), 16 * 64 * 64, 0.5, 5},
	} {
		if err := read(test.node); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r := test.node.Results[0]
		per := Cost(r.Operation, Volume(r.Shape), Volume(r.Shape)) / float64(test.work)
		if got := r.Operation.Work(); got != test.work || per < test.from || per > test.to {
			t.Errorf("%s: %d multiply-adds of %.3g ns, want %d of %v to %v", name, got, per, test.work, test.from, test.to)
		}
	}
}

// A function that is written out in pieces costs what these do.
func TestComposedCostsItsPieces(t *testing.T) {
	erf, tanh := curve{name: "erf"}, curve{name: "tanh"}
	const n, begin = 1 << 16, 250
	both := Cost(&composedOp{pieces: []piece{{Operation: erf}, {Operation: tanh}}}, n, n)
	if want := Cost(erf, n, n) + Cost(tanh, n, n) - begin; both != want {
		t.Errorf("erf and tanh cost %v, want %v", both, want)
	}
}

// The longest beginning that is known decides.
func TestPaceByDescription(t *testing.T) {
	for description, want := range map[string]string{
		"log softmax over 7": "log softmax", "log": "log", "log of sum of exp of 5": "log of sum of exp", "maximum of 5": "maximum of",
		"maximum with 2.5": "maximum", "product of 784": "product of", "quantize by its range": "quantize by its range", "quantize to uint8": "quantize",
	} {
		if got := paceOf(description); got != paces[want] {
			t.Errorf("%s: %v, want that of %s, %v", description, got, want, paces[want])
		}
	}
}
