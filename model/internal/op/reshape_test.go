package op

import (
	"math/rand/v2"
	"slices"
	"testing"

	"tandem/model/internal/onnx"
)

func TestReshapeByHand(t *testing.T) {
	numbers := []float32{1, 2, 3, 4, 5, 6}
	six := of(dims(1, 2, 3), numbers...)
	thin := of(dims(1, 1, 6), numbers...)
	for name, test := range map[string]struct {
		op     string
		with   attr
		inputs []any
		shape  []int
	}{
		"flatten":                {"Flatten", nil, in(six), dims(1, 6)},
		"flatten all":            {"Flatten", attr{"axis": -3}, in(six), dims(1, 6)},
		"flatten to columns":     {"Flatten", attr{"axis": 2}, in(six), dims(2, 3)},
		"reshape":                {"Reshape", nil, in(six, integers(0, -1)), dims(1, 6)},
		"reshape to a vector":    {"Reshape", nil, in(six, integers(6)), dims(6)},
		"reshape by attribute":   {"Reshape", attr{"shape": []int64{3, 2}}, in(six), dims(3, 2)},
		"squeeze":                {"Squeeze", nil, in(thin, integers(1)), dims(1, 6)},
		"squeeze all":            {"Squeeze", nil, in(thin), dims(6)},
		"unsqueeze":              {"Unsqueeze", nil, in(six, integers(-1)), dims(1, 2, 3, 1)},
		"unsqueeze by attribute": {"Unsqueeze", attr{"axes": []int64{0, 1}}, in(six), dims(1, 1, 1, 2, 3)},
		"a constant":             {"Flatten", nil, in(reals(dims(1, 2, 3), numbers...)), dims(1, 6)},
		"a transposed constant":  {"Reshape", nil, in(&Constant{Type: onnx.Float32, Dims: []int64{2, 3}, order: []int{1, 0}, file: weights(dims(3, 2), 1, 4, 2, 5, 3, 6).file}, integers(6)), dims(6)},
	} {
		y := compute(t, test.op, test.with, test.inputs...)
		if !slices.Equal(y.Shape(), test.shape) {
			t.Errorf("%s: shape %v, want %v", name, y.Shape(), test.shape)
		}
		alike(t, name, y, numbers, 0)
	}
	checkRefused(t, ErrMalformed, map[string]*Node{
		"too many":       node("Reshape", nil, six, integers(7)),
		"too few":        node("Reshape", nil, six, integers(3)),
		"two open":       node("Reshape", nil, six, integers(-1, -1)),
		"floats":         node("Reshape", nil, six, reals(dims(1), 6)),
		"axis":           node("Flatten", attr{"axis": 4}, six),
		"not 1":          node("Squeeze", nil, six, integers(1)),
		"axis to insert": node("Unsqueeze", nil, six, integers(4)),
		"no input":       node("Squeeze", nil, nil, integers(4)),
	})
	checkRefused(t, ErrUnsupported, map[string]*Node{
		"a shape that is computed": node("Reshape", nil, six, six),
		"a constant of nothing":    node("Flatten", nil, integers()),
	})
}

func TestReshapeAgainstOracle(t *testing.T) {
	forSeeds(t, func(t *testing.T, r *rand.Rand) {
		x := random(r, drawn(r, 4)...)
		y := x.ShallowClone()
		err := y.Reshape(x.Shape()[1]*x.Shape()[2], x.Shape()[3])
		oracle(t, "Reshape", nil, in(x, integers(-1, int64(x.Shape()[3]))), y, err)
	})
}
