package op

import "testing"

func TestPadByHand(t *testing.T) {
	two, three := of(dims(1, 2), 1, 2), of(dims(1, 3), 1, 2, 3)
	checkByHand(t, map[string]byHand{
		"zeros":         {"Pad", nil, in(two, integers(0, 1, 0, 2)), []float32{0, 1, 2, 0, 0}},
		"a number":      {"Pad", nil, in(two, integers(0, 1, 0, 2), reals(nil, 7)), []float32{7, 1, 2, 7, 7}},
		"one axis":      {"Pad", nil, in(two, integers(0, 1), nil, integers(1)), []float32{1, 2, 0}},
		"reflected":     {"Pad", attr{"mode": "reflect"}, in(three, integers(0, 2, 0, 1)), []float32{3, 2, 1, 2, 3, 2}},
		"reflected far": {"Pad", attr{"mode": "reflect"}, in(three, integers(0, 5, 0, 3)), []float32{2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2}},
		"wrapped":       {"Pad", attr{"mode": "wrap"}, in(three, integers(0, 4, 0, 1)), []float32{3, 1, 2, 3, 1, 2, 3, 1}},
		"edge":          {"Pad", attr{"mode": "edge"}, in(two, integers(0, 1, 0, 2)), []float32{1, 1, 2, 2, 2}},
		"cropped":       {"Pad", nil, in(three, integers(0, -1, 0, 1)), []float32{2, 3, 0}},
		"by attributes": {"Pad", attr{"opset": 9, "pads": []int64{0, 1, 0, 0}, "value": 3.0}, in(two), []float32{3, 1, 2}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{
		"pads":         node("Pad", nil, two, integers(1, 1)),
		"mode":         node("Pad", attr{"mode": "mirror"}, two, integers(0, 1, 0, 0)),
		"nothing left": node("Pad", nil, two, integers(0, -1, 0, -1)),
	})
}
