package op

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"tandem/model/internal/onnx"
)

// W is 3 outputs by 2 inputs; W (1, 2) = (5, 11, 17).
var (
	outByIn = weights(dims(3, 2), 1, 2, 3, 4, 5, 6)
	inByOut = weights(dims(2, 3), 1, 3, 5, 2, 4, 6)
)

func TestDenseByHand(t *testing.T) {
	x := of(dims(1, 2), 1, 2)
	turned := &Constant{Type: onnx.Float32, Dims: []int64{2, 3}, order: []int{1, 0}, file: outByIn.file}
	bias := weights(dims(3), 10, 20, 30)
	checkByHand(t, map[string]byHand{
		"gemm":                 {"Gemm", nil, in(x, inByOut), []float32{5, 11, 17}},
		"gemm transB, bias":    {"Gemm", attr{"transB": 1}, in(x, outByIn, bias), []float32{15, 31, 47}},
		"gemm alpha, beta":     {"Gemm", attr{"alpha": 2.0, "beta": -1.0}, in(x, inByOut, bias), []float32{0, 2, 4}},
		"one number for all":   {"Gemm", nil, in(x, inByOut, reals(nil, 100)), []float32{105, 111, 117}},
		"bias of two":          {"Gemm", nil, in(x, inByOut, reals(dims(1, 3), 10, 20, 30)), []float32{15, 31, 47}},
		"matmul":               {"MatMul", nil, in(x, inByOut), []float32{5, 11, 17}},
		"matmul of rows":       {"MatMul", nil, in(of(dims(1, 2, 2), 1, 2, 0, 1), inByOut), []float32{5, 11, 17, 2, 4, 6}},
		"transposed weights":   {"MatMul", nil, in(x, turned), []float32{5, 11, 17}},
		"transposed and again": {"Gemm", attr{"transB": 1}, in(of(dims(1, 3), 1, 0, 1), turned), []float32{6, 8}},
		"known weights":        {"MatMul", nil, in(x, reals(dims(2, 1), 3, 4)), []float32{11}},
		"1 to 1":               {"Gemm", nil, in(of(dims(1, 1), 2), reals(dims(1, 1), 3), reals(nil, 1)), []float32{7}},
		"1 to 3":               {"Gemm", nil, in(of(dims(1, 1), 2), reals(dims(1, 3), 1, 2, 3), reals(dims(3), 0, 0, 1)), []float32{2, 4, 7}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{
		"shapes":    node("MatMul", nil, x, outByIn),
		"bias":      node("Gemm", nil, x, inByOut, reals(dims(2), 1, 2)),
		"one input": node("Gemm", nil, x),
		"transA":    node("Gemm", attr{"transA": 1}, x, inByOut),
		"rows":      node("Gemm", nil, of(dims(1, 1, 2), 1, 2), inByOut),
	})
}

func TestDenseAgainstOracle(t *testing.T) {
	forSeeds(t, func(t *testing.T, r *rand.Rand) {
		rows, inputs, outputs := 1+r.IntN(9), 1+r.IntN(70), 1+r.IntN(70)
		x, w := random(r, rows, inputs), random(r, inputs, outputs)
		y, err := tensor.MatMul(x, w)
		oracle(t, "MatMul", nil, in(x, weights(w.Shape(), w.Float32s()...)), y, err)
		oracle(t, "Gemm", nil, in(x, weights(w.Shape(), w.Float32s()...)), y, err)
	})
}

// A scaling behind a layer is done by its weights, as far as it is one.
func TestDenseAbsorbs(t *testing.T) {
	x, rows := of(dims(1, 2), 1, 2), of(dims(1, 2, 2), 1, 2, 0, 1)
	three := reals(dims(3), 1, 2, 3)
	for name, test := range map[string]struct {
		x     *tensor.Dense
		by    *Node
		shape []int
		want  []float32 // nil: it is not absorbed
	}{
		"a bias":              {x, node("Add", nil, dense(dims(1, 3)), three), dims(1, 3), []float32{6, 13, 20}},
		"a factor":            {x, node("Mul", nil, three, dense(dims(1, 3))), dims(1, 3), []float32{5, 22, 51}},
		"a difference":        {x, node("Sub", nil, dense(dims(1, 3)), three), dims(1, 3), []float32{4, 9, 14}},
		"a normalisation":     {x, node("BatchNormalization", attr{"epsilon": 0.0}, dense(dims(1, 3)), three, three, three, three), dims(1, 3), nil},
		"from a constant":     {x, node("Sub", nil, three, dense(dims(1, 3))), dims(1, 3), nil},
		"a quotient":          {x, node("Div", nil, dense(dims(1, 3)), three), dims(1, 3), nil},
		"rows of their own":   {rows, node("Add", nil, dense(dims(1, 2, 3)), reals(dims(2, 1), 1, 2)), dims(1, 2, 3), nil},
		"channels of rows":    {rows, node("BatchNormalization", nil, dense(dims(1, 2, 3)), reals(dims(2), 1, 1), reals(dims(2), 1, 1), reals(dims(2), 1, 1), reals(dims(2), 1, 1)), dims(1, 2, 3), nil},
		"a bias of many rows": {rows, node("Add", nil, dense(dims(1, 2, 3)), three), dims(1, 2, 3), []float32{6, 13, 20, 3, 6, 9}},
	} {
		layer := node("MatMul", nil, test.x, inByOut)
		if err := read(layer); err != nil {
			t.Fatal(err)
		}
		if err := read(test.by); err != nil {
			t.Fatal(err)
		}
		d := layer.Results[0].Operation.(*Dense)
		if name == "a normalisation" {
			test.want = []float32{5 - 1 + 1, 0, 0}
			for i, v := range []float32{5, 11, 17} {
				c := float64(i + 1)
				test.want[i] = float32((float64(v)-c)*c/math.Sqrt(c) + c)
			}
		}
		if got := d.Absorb(test.by.Results[0].Operation.(Scaler), test.shape); got != (test.want != nil) {
			t.Errorf("%s: absorbed is %v", name, got)
		} else if got {
			alike(t, name, apply(t, d, test.shape, test.x), test.want, 1e-5)
		}
	}
}

// The library multiplies by way of the engine, which refuses the views for which
// the standard engine gives wrong numbers.
func TestEngine(t *testing.T) {
	n := node("MatMul", nil, dense(dims(1, 3)), weights(dims(3, 2), 1, 4, 2, 5, 3, 6))
	if err := read(n); err != nil {
		t.Fatal(err)
	}
	loaded, err := n.Results[0].Operation.Load()
	if err != nil {
		t.Fatal(err)
	}
	k := loaded.(*denseKernel)
	if !slices.Equal(k.w.Shape(), dims(2, 3)) {
		t.Errorf("the matrix has the shape %v", k.w.Shape())
	}
	x := tensor.New(tensor.WithShape(3), tensor.WithBacking([]float32{1, 0, -1}))
	y := tensor.New(tensor.WithShape(2), tensor.Of(tensor.Float32))
	if err := k.engine.MatVecMul(k.w, x, y); err != nil || !slices.Equal(y.Float32s(), []float32{-2, -2}) {
		t.Errorf("got %v, %v, want [-2 -2]", y, err)
	}
	clear(y.Float32s())
	if _, err := tensor.MatVecMul(k.w, x, tensor.WithReuse(y)); err != nil || !slices.Equal(y.Float32s(), []float32{-2, -2}) {
		t.Errorf("by way of the library: got %v, %v, want [-2 -2]", y, err)
	}
	rows := of(dims(2, 3), 1, 0, -1, 0, 1, 0)
	if z, err := tensor.MatMul(rows, k.transposed, tensor.WithReuse(dense(dims(2, 2)))); err == nil {
		t.Errorf("the standard engine of the rows read packed weights: %v", z)
	}
	z := dense(dims(2, 2))
	if err := k.engine.MatMul(rows, k.transposed, z); err != nil || !slices.Equal(z.Float32s(), []float32{-2, -2, 2, 5}) {
		t.Errorf("got %v, %v, want [-2 -2 2 5]", z, err)
	}
	other := tensor.New(tensor.WithShape(2, 3), tensor.Of(tensor.Float32))
	if err := k.engine.MatVecMul(other, x, y); err == nil {
		t.Error("took another matrix")
	}
	square := tensor.New(tensor.WithShape(3, 3), tensor.Of(tensor.Float32))
	column, err := square.Slice(nil, tensor.S(1))
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]tensor.Tensor{
		"a column of a matrix":         column,
		"a vector of the wrong length": tensor.New(tensor.WithShape(2), tensor.Of(tensor.Float32)),
		"float64":                      tensor.New(tensor.WithShape(3), tensor.Of(tensor.Float64)),
	} {
		if err := k.engine.MatVecMul(k.w, bad, y); err == nil {
			t.Errorf("took %s", name)
		}
	}
}
