package op

import (
	"math"
	"slices"
	"testing"

	"tandem/model/internal/onnx"
)

func TestCastByHand(t *testing.T) {
	odd := []float32{1.7, -2.7, 300, 0, 0.1}
	x := of(dims(5), odd...)
	inf := float32(math.Inf(1))
	tests := map[string]byHand{}
	for to, want := range map[onnx.DataType][]float32{
		onnx.Int64:    {1, -2, 300, 0, 0},
		onnx.Uint8:    {1, 254, 44, 0, 0},
		onnx.Int8:     {1, -2, 44, 0, 0},
		onnx.Bool:     {1, 1, 1, 0, 1},
		onnx.Float64:  odd,
		onnx.Float16:  {1.7001953, -2.6992188, 300, 0, 0.099975586},
		onnx.BFloat16: {1.703125, -2.703125, 300, 0, 0.10009766},
	} {
		tests[to.String()] = byHand{"Cast", attr{"to": int(to)}, in(x), want}
		tests[to.String()+", a constant"] = byHand{"Cast", attr{"to": int(to)}, in(reals(dims(5), odd...)), want}
	}
	tests["beyond"] = byHand{"Cast", attr{"to": int(onnx.Float16)}, in(of(dims(3), 65519, 65520, 1e-8)), []float32{65504, inf, 0}}
	tests["integers"] = byHand{"Cast", attr{"to": int(onnx.Uint8), "integers": []int64{0}}, in(of(dims(2), -1, 257)), []float32{255, 1}}
	tests["integers to truth"] = byHand{"Cast", attr{"to": int(onnx.Bool)}, in(integers(-1, 0)), []float32{1, 0}}
	tests["by a word"] = byHand{"Cast", attr{"opset": 1, "to": "INT32"}, in(x), []float32{1, -2, 300, 0, 0}}
	tests["like"] = byHand{"CastLike", nil, in(x, integers(1)), []float32{1, -2, 300, 0, 0}}
	tests["a constant like"] = byHand{"CastLike", nil, in(reals(dims(2), 1.5, -1.5), integers(1)), []float32{1, -1}}
	checkByHand(t, tests)
	n := node("Cast", attr{"to": int(onnx.Int32)}, integers(1<<40+7))
	if err := read(n); err != nil || !slices.Equal(n.Results[0].Constant.ints, []int64{7}) {
		t.Errorf("got %v, %v", n.Results, err)
	}
	n = node("Cast", attr{"to": int(onnx.Int64)}, x)
	if err := read(n); err != nil || n.Results[0].Type != onnx.Int64 {
		t.Errorf("the type is not told: %v, %v", n.Results, err)
	}
	checkRefused(t, ErrMalformed, map[string]*Node{"to nothing": node("Cast", nil, x)})
	checkRefused(t, ErrUnsupported, map[string]*Node{"to text": node("Cast", attr{"to": 8}, x)})
}
