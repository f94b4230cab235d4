package op

import "testing"

// Numbers are those of onnxruntime's rules, computed by hand.
func TestGridSampleByHand(t *testing.T) {
	four := of(dims(1, 1, 2, 2), 1, 2, 3, 4)
	// The middle, a corner's middle, its outer edge, far outside.
	grid := reals(dims(1, 1, 4, 2), 0, 0, -0.5, -0.5, -1, -1, 3, 3)
	line, places := of(dims(1, 1, 3), 1, 2, 4), of(dims(1, 3, 1), -1, 0, 2)
	checkByHand(t, map[string]byHand{
		"linear":          {"GridSample", nil, in(four, grid), []float32{2.5, 1, 0.25, 0}},
		"border":          {"GridSample", attr{"padding_mode": "border"}, in(four, grid), []float32{2.5, 1, 1, 4}},
		"reflection":      {"GridSample", attr{"padding_mode": "reflection"}, in(four, grid), []float32{2.5, 1, 1, 1}},
		"corners":         {"GridSample", attr{"align_corners": 1}, in(four, grid), []float32{2.5, 1.75, 1, 0}},
		"nearest":         {"GridSample", attr{"mode": "nearest"}, in(four, grid), []float32{1, 1, 1, 0}},
		"one dimension":   {"GridSample", attr{"align_corners": 1, "padding_mode": "reflection"}, in(line, places), []float32{1, 2, 2}},
		"cubic, a corner": {"GridSample", attr{"mode": "bicubic", "padding_mode": "border"}, in(four, reals(dims(1, 1, 1, 2), -0.5, -0.5)), []float32{1}},
		"affine grid": {"AffineGrid", nil, in(of(dims(1, 2, 3), 1, 0, 0.5, 0, 2, 0), integers(1, 1, 2, 2)),
			[]float32{0, -1, 1, -1, 0, 1, 1, 1}},
		"affine grid, corners": {"AffineGrid", attr{"align_corners": 1}, in(of(dims(1, 3, 4), 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0), integers(1, 1, 1, 1, 2)),
			[]float32{-1, 0, 0, 1, 0, 0}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{
		"grid":    node("GridSample", nil, four, reals(dims(1, 1, 4, 3), make([]float32, 12)...)),
		"mode":    node("GridSample", attr{"mode": "sinc"}, four, grid),
		"padding": node("GridSample", attr{"padding_mode": "wrap"}, four, grid),
		"theta":   node("AffineGrid", nil, four, integers(1, 1, 2, 2)),
	})
}

func TestNonMaxSuppressionByHand(t *testing.T) {
	boxes := of(dims(1, 4, 4), 0, 0, 1, 1, 0, 0.1, 1, 1.1, 2, 2, 3, 3, 1, 1, 0, 0) // the last one is the first, turned round
	scores := of(dims(1, 1, 4), 0.5, 0.9, 0.3, 0.8)
	one := func(v float32) *Constant { return reals(dims(1), v) }
	centers := of(dims(1, 2, 4), 0.5, 0.5, 1, 1, 0.5, 0.6, 1, 1)
	checkByHand(t, map[string]byHand{
		"overlapping ones go": {"NonMaxSuppression", nil, in(boxes, scores, integers(3), one(0.5)), []float32{0, 0, 1, 0, 0, 2, -1, -1, -1}},
		"a least score":       {"NonMaxSuppression", nil, in(boxes, scores, integers(2), one(0.5), one(0.4)), []float32{0, 0, 1, -1, -1, -1}},
		"all may overlap":     {"NonMaxSuppression", nil, in(boxes, scores, integers(9), one(1)), []float32{0, 0, 1, 0, 0, 3, 0, 0, 0, 0, 0, 2}},
		"equal scores":        {"NonMaxSuppression", nil, in(boxes, of(dims(1, 1, 4), 1, 1, 1, 1), integers(4), one(0.5)), []float32{0, 0, 0, 0, 0, 2, -1, -1, -1, -1, -1, -1}},
		"centres":             {"NonMaxSuppression", attr{"center_point_box": 1}, in(centers, of(dims(1, 1, 2), 1, 2), integers(2), one(0.5)), []float32{0, 0, 1, -1, -1, -1}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{"scores": node("NonMaxSuppression", nil, boxes, of(dims(1, 1, 3), 1, 2, 3), integers(1))})
	checkRefused(t, ErrUnsupported, map[string]*Node{
		"none":          node("NonMaxSuppression", nil, boxes, scores),
		"computed rows": node("NonMaxSuppression", attr{"integers": []int64{2}}, boxes, scores, of(dims(1), 3)),
	})
}

// A region of two by two elements, in one element of the result: its one point is the middle, or there are four.
func TestRoiAlignByHand(t *testing.T) {
	x := of(dims(1, 1, 3, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9)
	two := of(dims(2, 1, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8)
	corner, first := of(dims(1, 4), 0, 0, 2, 2), integers(0)
	checkByHand(t, map[string]byHand{
		"one point":           {"RoiAlign", attr{"sampling_ratio": 1, "opset": 16}, in(x, corner, first), []float32{3}},
		"of old":              {"RoiAlign", attr{"sampling_ratio": 1, "opset": 10}, in(x, corner, first), []float32{5}},
		"a point an element":  {"RoiAlign", attr{"opset": 16}, in(x, corner, first), []float32{3}},
		"the largest":         {"RoiAlign", attr{"mode": "max", "sampling_ratio": 1, "opset": 16}, in(x, corner, first), []float32{1.25}},
		"two by two elements": {"RoiAlign", attr{"output_height": 2, "output_width": 2, "sampling_ratio": 1, "opset": 16}, in(x, corner, first), []float32{1, 2, 4, 5}},
		"outside there is 0":  {"RoiAlign", attr{"sampling_ratio": 1, "opset": 16}, in(x, of(dims(1, 4), 8, 8, 9, 9), first), []float32{0}},
		"each of its sample":  {"RoiAlign", attr{"sampling_ratio": 1, "opset": 16}, in(two, of(dims(2, 4), 0, 0, 2, 2, 0, 0, 1, 1), integers(1, 0)), []float32{6.5, 1}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{
		"corners": node("RoiAlign", nil, x, of(dims(1, 3), 0, 0, 2), first),
		"mode":    node("RoiAlign", attr{"mode": "sum"}, x, corner, first),
		"points":  node("RoiAlign", attr{"sampling_ratio": -1}, x, corner, first),
	})
}
