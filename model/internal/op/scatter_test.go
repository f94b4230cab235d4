package op

import "testing"

func TestGatherAndScatterByHand(t *testing.T) {
	six := of(dims(2, 3), 1, 2, 3, 4, 5, 6)
	checkByHand(t, map[string]byHand{
		"elements of columns": {"GatherElements", nil, in(six, integersOf(dims(1, 3), 1, 0, -1)), []float32{4, 2, 6}},
		"elements of rows":    {"GatherElements", attr{"axis": 1, "integers": []int64{1}}, in(six, of(dims(2, 2), 2, 0, 1, 1)), []float32{3, 1, 5, 5}},
		"elements of a constant": {"GatherElements", attr{"axis": 1, "integers": []int64{1}},
			in(reals(dims(2, 3), 1, 2, 3, 4, 5, 6), of(dims(2, 1), 2, 0)), []float32{3, 4}},
		"all constant":         {"GatherElements", attr{"axis": 1}, in(integersOf(dims(1, 2), 7, 1<<40), integersOf(dims(1, 1), 1)), []float32{1 << 40}},
		"parts":                {"GatherND", nil, in(six, integersOf(dims(2, 1), 1, 0)), []float32{4, 5, 6, 1, 2, 3}},
		"single places":        {"GatherND", attr{"integers": []int64{1}}, in(six, of(dims(2, 2), 1, -1, 0, 1)), []float32{6, 2}},
		"parts of a batch":     {"GatherND", attr{"batch_dims": 1}, in(six, integersOf(dims(2, 1), 2, 0)), []float32{3, 4}},
		"scattered elements":   {"ScatterElements", attr{"axis": 1}, in(six, integersOf(dims(2, 1), 2, 0), of(dims(2, 1), 8, 9)), []float32{1, 2, 8, 9, 5, 6}},
		"scatter, as it was":   {"Scatter", attr{"opset": 9}, in(six, integersOf(dims(1, 2), 1, 0), reals(dims(1, 2), 8, 9)), []float32{1, 9, 3, 8, 5, 6}},
		"elements added twice": {"ScatterElements", attr{"axis": 1, "reduction": "add"}, in(six, integersOf(dims(1, 2), 0, 0), of(dims(1, 2), 8, 9)), []float32{18, 2, 3, 4, 5, 6}},
		"scattered parts":      {"ScatterND", attr{"integers": []int64{1}}, in(six, of(dims(1, 1), 1), of(dims(1, 3), 7, 8, 9)), []float32{1, 2, 3, 7, 8, 9}},
		"parts multiplied":     {"ScatterND", attr{"reduction": "mul"}, in(six, integersOf(dims(2, 1), 0, 0), of(dims(2, 3), 1, 2, 3, 2, 2, 2)), []float32{2, 8, 18, 4, 5, 6}},
		"the larger":           {"ScatterND", attr{"reduction": "max"}, in(six, integersOf(dims(1, 2), 0, 1), of(dims(1), 1)), []float32{1, 2, 3, 4, 5, 6}},
		"the smaller":          {"ScatterND", attr{"reduction": "min"}, in(six, integersOf(dims(1, 2), 0, 1), of(dims(1), 1)), []float32{1, 1, 3, 4, 5, 6}},
		"into a constant":      {"ScatterND", nil, in(reals(dims(3), 0, 0, 0), integersOf(dims(1, 1), 1), of(dims(1), 5)), []float32{0, 5, 0}},
	})
	one := integersOf(dims(1, 1), 0)
	checkRefused(t, ErrMalformed, map[string]*Node{
		"indices of another rank": node("GatherElements", nil, six, integers(0)),
		"too many places":         node("GatherND", nil, six, integersOf(dims(1, 3), 0, 0, 0)),
		"floats":                  node("GatherND", nil, six, reals(dims(1, 1), 0)),
		"updates":                 node("ScatterND", nil, six, one, of(dims(1, 2), 1, 2)),
		"reduction":               node("ScatterND", attr{"reduction": "mean"}, six, one, of(dims(1, 3), 1, 2, 3)),
		"updates of elements":     node("ScatterElements", nil, six, one, of(dims(1, 2), 1, 2)),
	})
	computed := attr{"integers": []int64{1}}
	checkFails(t, "GatherElements", computed, six, of(dims(1, 1), 2))
	checkFails(t, "GatherND", computed, six, of(dims(1, 1), -3))
	checkFails(t, "ScatterND", computed, six, of(dims(1, 1), 2), of(dims(1, 3), 1, 2, 3))
	checkFails(t, "ScatterElements", computed, six, of(dims(1, 1), 2), of(dims(1, 1), 1))
}

// integers2 is a constant of integers of that shape.
func integersOf(shape []int, v ...int64) *Constant {
	c := integers(v...)
	c.Dims = wide(shape)
	return c
}
