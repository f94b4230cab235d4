package op

import "testing"

// Numbers are those of onnxruntime and of the ONNX project's tests.
func TestResizeByHand(t *testing.T) {
	four := of(dims(1, 1, 2, 2), 1, 2, 3, 4)
	grid := dense(dims(1, 1, 4, 4))
	for i := range grid.Float32s() {
		grid.Float32s()[i] = float32(i + 1)
	}
	row := of(dims(1, 1, 4), 1, 2, 3, 4)
	scales := func(v ...float32) *Constant { return reals(dims(len(v)), v...) }
	how := func(mode, mapping string) attr {
		return attr{"opset": 19, "mode": mode, "coordinate_transformation_mode": mapping}
	}
	with := func(a attr, name string, v any) attr { a[name] = v; return a }
	nearest := with(how("nearest", "half_pixel"), "axes", []int64{2})
	checkByHand(t, map[string]byHand{
		"nearest, twice":      {"Resize", nil, in(row, nil, scales(1, 1, 2)), []float32{1, 1, 2, 2, 3, 3, 4, 4}},
		"upsample":            {"Upsample", attr{"opset": 9}, in(four, scales(1, 1, 2, 1)), []float32{1, 2, 1, 2, 3, 4, 3, 4}},
		"upsample, version 7": {"Upsample", attr{"opset": 7, "scales": []float32{1, 1, 1, 2}}, in(four), []float32{1, 1, 2, 2, 3, 3, 4, 4}},
		"version 10":          {"Resize", attr{"opset": 10, "mode": "linear"}, in(row, scales(1, 1, 2)), []float32{1, 1.5, 2, 2.5, 3, 3.5, 4, 4}},
		"nothing to do":       {"Resize", nil, in(row, nil, scales(1, 1, 1)), []float32{1, 2, 3, 4}},
		"linear, half pixel":  {"Resize", how("linear", "half_pixel"), in(row, nil, scales(1, 1, 2)), []float32{1, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4}},
		"linear, corners":     {"Resize", how("linear", "align_corners"), in(row, nil, nil, integers(1, 1, 7)), []float32{1, 1.5, 2, 2.5, 3, 3.5, 4}},
		"symmetric":           {"Resize", how("linear", "half_pixel_symmetric"), in(row, nil, scales(1, 1, 0.6)), []float32{1.6666666, 3.3333333}},
		"pytorch, to one":     {"Resize", how("linear", "pytorch_half_pixel"), in(row, nil, nil, integers(1, 1, 1)), []float32{1}},
		"one axis":            {"Resize", nearest, in(row, nil, nil, integers(2)), []float32{1, 3}},
		"larger is kept": {"Resize", with(with(how("nearest", "half_pixel"), "keep_aspect_ratio_policy", "not_larger"), "axes", []int64{2, 3}),
			in(four, nil, nil, integers(4, 9)), []float32{1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4}},
		"linear, smoothed": {"Resize", with(how("linear", "half_pixel"), "antialias", 1), in(grid, nil, scales(1, 1, 0.6, 0.6)), []float32{2.875, 4.5, 9.375, 11}},
		"cubic, smoothed":  {"Resize", with(how("cubic", "half_pixel"), "antialias", 1), in(grid, nil, scales(1, 1, 0.6, 0.6)), []float32{2.5180718, 4.2858863, 9.58933, 11.357142}},
		"cubic, smoothed, inside": {"Resize", with(with(how("cubic", "half_pixel"), "antialias", 1), "exclude_outside", 1),
			in(grid, nil, scales(1, 1, 0.6, 0.6)), []float32{2.6071415, 4.3909765, 9.742481, 11.526316}},
		"cubic, corners": {"Resize", how("cubic", "align_corners"), in(grid, nil, scales(1, 1, 0.8, 0.8)), []float32{1, 2.5, 4, 7, 8.5, 10, 13, 14.5, 16}},
		"cropped": {"Resize", with(how("linear", "tf_crop_and_resize"), "extrapolation_value", 10.0),
			in(grid, scales(0, 0, 0.4, 0.6, 1, 1, 1.2, 1.7), nil, integers(1, 1, 3, 3)), []float32{7.6, 10, 10, 12.4, 10, 10, 10, 10, 10}},
		"a constant": {"Resize", nil, in(reals(dims(1, 1, 2), 1, 2), nil, scales(1, 1, 2)), []float32{1, 1, 2, 2}},
	})
	for rule, want := range map[string][]float32{
		"round_prefer_floor": {1, 2, 2, 3, 3, 4, 4, 4}, "round_prefer_ceil": {1, 2, 2, 3, 3, 4, 4, 4},
		"floor": {1, 1, 2, 2, 3, 3, 4, 4}, "ceil": {1, 2, 2, 3, 3, 4, 4, 4},
	} {
		if rule == "round_prefer_floor" {
			want = []float32{1, 1, 2, 2, 3, 3, 4, 4}
		}
		alike(t, rule, compute(t, "Resize", with(how("nearest", "asymmetric"), "nearest_mode", rule), row, nil, scales(1, 1, 2)), want, 0)
	}
	checkRefused(t, ErrMalformed, map[string]*Node{
		"mode":       node("Resize", attr{"mode": "sinc"}, row, nil, scales(1, 1, 2)),
		"scales":     node("Resize", nil, row, nil, scales(2)),
		"scale of 0": node("Resize", nil, row, nil, scales(1, 1, 0)),
		"no scales":  node("Resize", nil, row),
		"no region":  node("Resize", how("linear", "tf_crop_and_resize"), row, nil, scales(1, 1, 2)),
		"sizes":      node("Resize", nil, row, nil, nil, integers(1, 4)),
		"size of 0":  node("Resize", nil, row, nil, nil, integers(1, 1, 0)),
		"policy":     node("Resize", attr{"keep_aspect_ratio_policy": "bend"}, row, nil, nil, integers(1, 1, 4)),
		"nothing":    node("Resize", nil, row, nil, scales(1, 1, 0.1)),
	})
	checkRefused(t, ErrUnsupported, map[string]*Node{"computed scales": node("Resize", nil, row, nil, of(dims(3), 1, 1, 2))})
}

// Computed scales need the sizes that the file declares.
func TestResizeByComputedScales(t *testing.T) {
	row, scales := of(dims(1, 1, 4), 1, 2, 3, 4), of(dims(3), 1, 1, 2)
	n := node("Resize", attr{"mode": "linear"}, row, nil, scales)
	n.Declared = func(string) []int { return dims(1, 1, 8) }
	if err := read(n); err != nil {
		t.Fatal(err)
	}
	y := apply(t, n.Results[0].Operation, n.Results[0].Shape, row, scales)
	alike(t, "computed scales", y, []float32{1, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4}, 1e-6)
}
