package op

import "testing"

func TestSplitByHand(t *testing.T) {
	six := of(dims(1, 2, 3), 1, 2, 3, 4, 5, 6)
	checkByHand(t, map[string]byHand{ // the last part
		"in halves":            {"Split", attr{"axis": 1, "outputs": 2}, in(six), []float32{4, 5, 6}},
		"by sizes":             {"Split", attr{"axis": 2, "outputs": 2}, in(six, integers(1, 2)), []float32{2, 3, 5, 6}},
		"a smaller last":       {"Split", attr{"axis": 2, "outputs": 2}, in(six), []float32{3, 6}},
		"an empty part":        {"Split", attr{"axis": 2, "outputs": 2}, in(six, integers(3, 0)), nil},
		"behind an empty part": {"Split", attr{"axis": 2, "outputs": 2}, in(six, integers(0, 3)), []float32{1, 2, 3, 4, 5, 6}},
		"a part of a row":      {"Split", attr{"axis": 2, "outputs": 1}, in(six), []float32{1, 2, 3, 4, 5, 6}},
	})
	n := node("Split", attr{"axis": 1, "outputs": 2}, six)
	if err := read(n); err != nil || len(n.Results) != 2 {
		t.Fatalf("%d results, %v", len(n.Results), err)
	}
	alike(t, "the first part", apply(t, n.Results[0].Operation, n.Results[0].Shape, six), []float32{1, 2, 3}, 0)
	checkRefused(t, ErrMalformed, map[string]*Node{
		"too many":        node("Split", attr{"axis": 1, "outputs": 2}, six, integers(2, 1)),
		"too few":         node("Split", attr{"axis": 2, "outputs": 2}, six, integers(1, 1)),
		"a negative part": node("Split", attr{"axis": 2, "outputs": 2}, six, integers(-1, 4)),
		"outputs":         node("Split", attr{"axis": 2, "outputs": 3}, six, integers(1, 2)),
	})
}
