package op

import (
	"testing"

	"gorgonia.org/tensor"

	"tandem/model/internal/onnx"
)

// of8 is a constant of uint8.
func of8(shape []int, v ...int64) *Constant {
	return &Constant{Type: onnx.Uint8, Dims: wide(shape), ints: v}
}

func TestQuantisedByHand(t *testing.T) {
	x := of(dims(1, 2, 3), 0, 0.5, 1.5, -1, 200, 2.5)
	whole := of(dims(1, 1, 2, 2), 10, 11, 12, 13) // as uint8 with a zero point of 10: 0 1 2 3
	one, half := reals(nil, 1), reals(nil, 0.5)
	checkByHand(t, map[string]byHand{
		"rounded to even":    {"QuantizeLinear", nil, in(x, one, of8(nil, 1)), []float32{1, 1, 3, 0, 201, 3}},
		"no zero point":      {"QuantizeLinear", nil, in(x, half), []float32{0, 1, 3, 0, 255, 5}},
		"to int8":            {"QuantizeLinear", nil, in(x, one, &Constant{Type: onnx.Int8, ints: []int64{0}}), []float32{0, 0, 2, -1, 127, 2}},
		"a scale each":       {"QuantizeLinear", attr{"axis": 2}, in(x, reals(dims(3), 1, 0.5, 0.25), of8(dims(3), 0, 0, 10)), []float32{0, 1, 16, 0, 255, 20}},
		"blocks":             {"QuantizeLinear", attr{"axis": 2, "block_size": 2}, in(x, reals(dims(1, 2, 2), 0.5, 1, 1, 2)), []float32{0, 1, 2, 0, 200, 1}},
		"back":               {"DequantizeLinear", nil, in(x, half, reals(nil, 1)), []float32{-0.5, -0.25, 0.25, -1, 99.5, 0.75}},
		"back, of constants": {"DequantizeLinear", attr{"axis": 0}, in(of8(dims(2, 1), 3, 4), reals(dims(2), 2, 3), of8(dims(2), 1, 2)), []float32{4, 6}},
		"a large bias":       {"DequantizeLinear", nil, in(&Constant{Type: onnx.Int32, Dims: wide(dims(2)), ints: []int64{-360576896, 1 << 30}}, reals(nil, 1.0/(1<<28))), []float32{-1.3432513, 4}},
		"conv of integers":   {"ConvInteger", nil, in(whole, of8(dims(1, 1, 1, 2), 3, 4), of8(nil, 10), of8(nil, 1)), []float32{3, 13}},
		"padding is 0":       {"ConvInteger", attr{"pads": []int64{0, 1, 0, 0}}, in(whole, of8(dims(1, 1, 1, 2), 1, 1), of8(nil, 10)), []float32{0, 1, 2, 5}},
		"conv": {"QLinearConv", nil, in(whole, half, of8(nil, 10), of8(dims(2, 1, 1, 1), 2, 4), reals(dims(2), 1, 2), of8(dims(2), 0, 1), one, of8(nil, 5),
			&Constant{Type: onnx.Int32, Dims: wide(dims(2)), ints: []int64{0, 1}}), []float32{5, 6, 7, 8, 6, 9, 12, 15}},
		"product of integers": {"MatMulInteger", nil, in(of(dims(1, 2), 5, 6), of8(dims(2, 2), 1, 2, 3, 4), of8(nil, 4), of8(dims(2), 0, 1)), []float32{7, 7}},
		"product":             {"QLinearMatMul", nil, in(of(dims(1, 2), 5, 6), one, of8(nil, 4), of8(dims(2, 1), 1, 3), half, of8(nil, 0), one, of8(nil, 100)), []float32{104}},
	})
	dynamic := outputs(t, "DynamicQuantizeLinear", nil, of(dims(3), -1, 0, 4.1))
	for i, want := range [][]float32{{0, 50, 255}, {0.02}, {50}} {
		alike(t, "by its range", dynamic[i], want, 1e-6)
	}
	checkRefused(t, ErrMalformed, map[string]*Node{
		"scales":      node("QuantizeLinear", nil, x, reals(dims(2), 1, 1), of8(dims(1), 1)),
		"axis":        node("DequantizeLinear", nil, x, reals(dims(4), 1, 1, 1, 1)),
		"two shapes":  node("MatMulInteger", nil, x, of8(dims(2, 2), 1, 2, 3, 4)),
		"wrong shape": node("ConvInteger", nil, x, of8(dims(1, 1, 1, 1), 1)),
	})
	checkRefused(t, ErrUnsupported, map[string]*Node{"to floats": node("QuantizeLinear", nil, x, one, reals(nil, 1))})
}

// Matrices are repeated as ONNX repeats dimensions.
func TestIntegerProductsOfManyMatrices(t *testing.T) {
	a, b := dense(dims(2, 1, 1, 2)), dense(dims(3, 2, 1))
	for i := range a.Float32s() {
		a.Float32s()[i] = float32(i)
	}
	for i := range b.Float32s() {
		b.Float32s()[i] = float32(i)
	}
	var want []float32
	for i := range 2 {
		for j := range 3 {
			want = append(want, a.Float32s()[2*i]*b.Float32s()[2*j]+a.Float32s()[2*i+1]*b.Float32s()[2*j+1])
		}
	}
	y := compute(t, "MatMulInteger", nil, a, b)
	alike(t, "MatMulInteger", y, want, 0)
	if want := (tensor.Shape{2, 3, 1, 1}); !y.Shape().Eq(want) {
		t.Errorf("shape %v, want %v", y.Shape(), want)
	}
}

// Elements that follow one another with the same scale are computed together: as
// many as there are, and no more.
func TestRunsHaveOneScale(t *testing.T) {
	for name, g := range map[string]scales{
		"one":                  {size: 1, inner: 1, block: 1, count: 1},
		"rows":                 {size: 3, inner: 4, block: 1, count: 3},
		"the last axis":        {size: 5, inner: 1, block: 1, count: 5},
		"blocks":               {size: 7, inner: 1, block: 3, count: 3, blocks: true},
		"one block":            {size: 4, inner: 1, block: 4, count: 1, blocks: true},
		"blocks of other rows": {size: 4, inner: 3, block: 2, count: 2, blocks: true},
	} {
		const elements = 60
		for i := range elements {
			end := min(elements, i+min(g.run(i), elements-i))
			for j := i; j < end; j++ {
				if g.of(j) != g.of(i) {
					t.Errorf("%s: element %d has another scale than %d, by which a run of %d begins", name, j, i, g.run(i))
				}
			}
			if end == i {
				t.Errorf("%s: an empty run at %d", name, i)
			}
		}
	}
}
