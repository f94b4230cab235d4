package op

import (
	"testing"

	"tandem/model/internal/onnx"
)

func TestDropoutByHand(t *testing.T) {
	x := of(dims(1, 2), 1, 2)
	ratio, yes, no := reals(nil, 0.5), &Constant{Type: onnx.Bool, ints: []int64{1}}, &Constant{Type: onnx.Bool, ints: []int64{0}}
	checkByHand(t, map[string]byHand{
		"its input":    {"Dropout", nil, in(x), []float32{1, 2}},
		"not training": {"Dropout", nil, in(x, ratio, no), []float32{1, 2}},
		"none are":     {"Dropout", nil, in(x, reals(nil, 0), yes), []float32{1, 2}},
		"its mask":     {"Dropout", attr{"outputs": 2}, in(x), []float32{1, 1}},
		"of constants": {"Dropout", nil, in(reals(dims(2), 3, 4)), []float32{3, 4}},
	})
	checkRefused(t, ErrUnsupported, map[string]*Node{
		"training":           node("Dropout", nil, x, ratio, yes),
		"training constants": node("Dropout", nil, reals(dims(2), 3, 4), ratio, yes),
	})
}
