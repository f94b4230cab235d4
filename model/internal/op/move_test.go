package op

import (
	"slices"
	"testing"
)

// What moves elements, repeats them or leaves some out.
func TestMovesByHand(t *testing.T) {
	six, two := of(dims(1, 2, 3), 1, 2, 3, 4, 5, 6), of(dims(1, 2, 1), 1, 2)
	nine := of(dims(3, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9)
	pixels := of(dims(1, 4, 1, 2), 0, 1, 2, 3, 4, 5, 6, 7)
	checkByHand(t, map[string]byHand{
		"expand":                {"Expand", nil, in(two, integers(2, 1, 2)), []float32{1, 1, 2, 2, 1, 1, 2, 2}},
		"expand by fewer":       {"Expand", nil, in(two, integers(3)), []float32{1, 1, 1, 2, 2, 2}},
		"expand by 1":           {"Expand", nil, in(two, integers(1)), []float32{1, 2}},
		"expand to more":        {"Expand", nil, in(of(dims(2), 1, 2), integers(1, 2, 1)), []float32{1, 2, 1, 2}},
		"expand a constant":     {"Expand", nil, in(integersOf(dims(1), 1<<40), integers(2)), []float32{1 << 40, 1 << 40}},
		"tile":                  {"Tile", nil, in(two, integers(1, 2, 2)), []float32{1, 1, 2, 2, 1, 1, 2, 2}},
		"crop and pad":          {"CenterCropPad", attr{"axes": []int64{1, 2}}, in(six, integers(3, 2)), []float32{1, 2, 4, 5, 0, 0}},
		"crop, all axes":        {"CenterCropPad", nil, in(six, integers(1, 1, 1)), []float32{2}},
		"compress columns":      {"Compress", attr{"axis": -1}, in(six, integers(1, 0, 1)), []float32{1, 3, 4, 6}},
		"compress":              {"Compress", nil, in(six, integers(0, 0, 1, 1)), []float32{3, 4}},
		"depth to space":        {"DepthToSpace", attr{"blocksize": 2}, in(pixels), []float32{0, 2, 1, 3, 4, 6, 5, 7}},
		"depth to space, CRD":   {"DepthToSpace", attr{"blocksize": 2, "mode": "CRD"}, in(pixels), []float32{0, 2, 1, 3, 4, 6, 5, 7}},
		"space to depth":        {"SpaceToDepth", attr{"blocksize": 2}, in(of(dims(1, 1, 2, 4), 0, 2, 1, 3, 4, 6, 5, 7)), []float32{0, 1, 2, 3, 4, 5, 6, 7}},
		"upper triangle":        {"Trilu", nil, in(nine), []float32{1, 2, 3, 0, 5, 6, 0, 0, 9}},
		"lower triangle":        {"Trilu", attr{"upper": 0}, in(nine, integersOf(nil, -1)), []float32{0, 0, 0, 4, 0, 0, 7, 8, 0}},
		"beyond":                {"Trilu", nil, in(nine, integersOf(nil, 5)), make([]float32, 9)},
		"computed diagonal":     {"Trilu", attr{"upper": 0, "integers": []int64{1}}, in(nine, of(dims(1), 5)), nine.Float32s()},
		"reversed sequences":    {"ReverseSequence", attr{"integers": []int64{1}}, in(nine, of(dims(3), 1, 2, 3)), []float32{1, 5, 9, 4, 2, 6, 7, 8, 3}},
		"reversed, batch first": {"ReverseSequence", attr{"batch_axis": 0, "time_axis": 1}, in(nine, integers(1, 2, 3)), []float32{1, 2, 3, 5, 4, 6, 9, 8, 7}},
		"one-hot":               {"OneHot", attr{"integers": []int64{0}}, in(of(dims(2), 1, -1), integers(3), reals(dims(2), 2, 5)), []float32{2, 5, 2, 2, 2, 5}},
		"one-hot columns":       {"OneHot", attr{"axis": 0, "integers": []int64{0}}, in(of(dims(2), 1, 9), integers(2), reals(dims(2), 0, 1)), []float32{0, 0, 1, 0}},
		"range":                 {"Range", nil, in(integersOf(nil, 10), integersOf(nil, 4), integersOf(nil, -3)), []float32{10, 7}},
		"range of floats":       {"Range", nil, in(reals(nil, 0), reals(nil, 1), reals(nil, 0.4)), []float32{0, 0.4, 0.8}},
		"where it is not 0":     {"NonZero", nil, in(reals(dims(2, 2), 1, 0, 1, 1)), []float32{0, 1, 1, 0, 0, 1}},
		"eye":                   {"EyeLike", attr{"k": 1}, in(of(dims(2, 3), 1, 2, 3, 4, 5, 6)), []float32{0, 1, 0, 0, 0, 1}},
		"size":                  {"Size", nil, in(six), []float32{6}},
	})
	checkRefused(t, ErrMalformed, map[string]*Node{
		"expand":       node("Expand", nil, six, integers(5)),
		"tile":         node("Tile", nil, six, integers(1)),
		"blocks":       node("DepthToSpace", attr{"blocksize": 3}, pixels),
		"triangle":     node("Trilu", nil, of(dims(2), 1, 2)),
		"sequences":    node("ReverseSequence", nil, nine, integers(1, 2)),
		"axes":         node("CenterCropPad", nil, six, integers(1)),
		"step 0":       node("Range", nil, integersOf(nil, 1), integersOf(nil, 1), integersOf(nil, 0)),
		"eye of three": node("EyeLike", nil, six),
	})
	checkRefused(t, ErrUnsupported, map[string]*Node{
		"nothing chosen": node("Compress", nil, six, integers(0)),
		"endless":        node("Range", nil, integersOf(nil, 0), integersOf(nil, 1<<40), integersOf(nil, 1)),
		"of a frame":     node("NonZero", nil, six),
		"computed sizes": node("Expand", attr{"integers": []int64{1}}, six, of(dims(1), 3)),
	})
	checkFails(t, "ReverseSequence", attr{"integers": []int64{1}}, nine, of(dims(3), 1, 2, 4))
}

// What is computed takes the shape that the file declares.
func TestDeclaredShapes(t *testing.T) {
	two, shape := of(dims(1, 2, 1), 1, 2), of(dims(3), 1, 1, 1)
	for name, test := range map[string]struct {
		n    *Node
		want []int
	}{
		"Expand": {node("Expand", attr{"integers": []int64{1}}, two, shape), dims(3, 2, 4)},
		"Tile":   {node("Tile", attr{"integers": []int64{1}}, two, shape), dims(1, 4, 3)},
		"OneHot": {node("OneHot", attr{"integers": []int64{0, 1}}, of(dims(2), 0, 1), of(dims(1), 5), reals(dims(2), 0, 1)), dims(2, 5)},
		"Range":  {node("Range", nil, of(dims(), 1), of(dims(), 5), of(dims(), 2)), dims(2)},
	} {
		test.n.Declared = func(string) []int { return test.want }
		if err := read(test.n); err != nil || !slices.Equal(test.n.Results[0].Shape, test.want) {
			t.Errorf("%s: got %v, %v, want the shape %v", name, test.n.Results, err, test.want)
		}
	}
}
