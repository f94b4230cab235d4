package op

import (
	"slices"
	"testing"

	"tandem/model/internal/onnx"
)

func TestGatherByHand(t *testing.T) {
	six := of(dims(1, 2, 3), 1, 2, 3, 4, 5, 6)
	one := &Constant{Type: onnx.Int64, ints: []int64{1}} // a number, not a list
	checkByHand(t, map[string]byHand{
		"columns":    {"Gather", attr{"axis": 2}, in(six, integers(2, 0, -1)), []float32{3, 1, 3, 6, 4, 6}},
		"one row":    {"Gather", attr{"axis": 1}, in(six, one), []float32{4, 5, 6}},
		"a constant": {"Gather", attr{"axis": 1}, in(reals(dims(2, 3), 1, 2, 3, 4, 5, 6), integers(2, 0)), []float32{3, 1, 6, 4}},
	})
	if y := compute(t, "Gather", attr{"axis": 1}, six, one); !slices.Equal(y.Shape(), dims(1, 3)) {
		t.Errorf("a number gives the shape %v", y.Shape())
	}
	checkRefused(t, ErrMalformed, map[string]*Node{
		"index":  node("Gather", nil, six, integers(1)),
		"floats": node("Gather", nil, six, reals(dims(1), 0)),
		"axis":   node("Gather", attr{"axis": 5}, six, integers(0)),
	})
	checkByHand(t, map[string]byHand{
		"computed indices": {"Gather", attr{"axis": 2, "integers": []int64{1}}, in(six, of(dims(3), 2, 0, -1)), []float32{3, 1, 3, 6, 4, 6}},
		"of a table":       {"Gather", attr{"integers": []int64{1}}, in(weights(dims(3, 2), 1, 2, 3, 4, 5, 6), of(dims(1, 2), 2, 0)), []float32{5, 6, 1, 2}},
	})
	checkFails(t, "Gather", attr{"integers": []int64{1}}, six, of(dims(1), 1))
}
