package model

import (
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"tandem/model/internal/op"
)

// ends is an operation with two results: the first number of its input, and the
// last one.
type ends struct{}

func (ends) Work() int64              { return 0 }
func (ends) Bytes() int64             { return 0 }
func (ends) String() string           { return "ends" }
func (ends) Load() (op.Kernel, error) { return ends{}, nil }

func (ends) Apply(y *tensor.Dense, xs []*tensor.Dense, with op.With) error {
	x := xs[0].Float32s()
	y.Float32s()[0], with.More[0].Float32s()[0] = x[0], x[len(x)-1]
	return nil
}

// learnEnds adds it to the operators, for the time of a test.
func learnEnds(t *testing.T) {
	op.Table["Ends"] = op.Operator{Read: func(n *op.Node) error {
		n.Results = append(n.Results, op.Result{Operation: ends{}, Shape: []int{1, 1}, From: []int{0}}, op.Result{Also: true, Shape: []int{1, 1}})
		return nil
	}}
	t.Cleanup(func() { delete(op.Table, "Ends") })
}

// also gives a node further outputs.
func (b bytesOf) also(outputs ...string) bytesOf {
	for _, out := range outputs {
		b = b.str(2, out)
	}
	return b
}

func TestAnOperationGivesSeveralResults(t *testing.T) {
	learnEnds(t)
	for name, test := range map[string]struct {
		nodes []bytesOf
		want  []float32
	}{
		"both are used":   {[]bytesOf{apply("Ends", "a", []string{"x"}).also("b"), apply("Sub", "y", []string{"b", "a"})}, []float32{7 - 2}},
		"the first alone": {[]bytesOf{apply("Ends", "y", []string{"x"})}, []float32{2}},
		"the second":      {[]bytesOf{apply("Ends", "", []string{"x"}).also("y")}, []float32{7}},
		"beside others":   {[]bytesOf{apply("Relu", "r", []string{"x"}), apply("Ends", "a", []string{"r"}).also("b"), apply("Concat", "y", []string{"b", "x", "a"}, intAttr("axis", 1))}, []float32{7, 2, 7, 2}},
	} {
		n, err := open(t, graph{nodes: test.nodes}.file())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		e := NewExecutor(n, Options{})
		if err := e.Load(0, n.Len()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if y, err := runOne(e, []float32{2, 7}, 0, n.Len()); err != nil || !slices.Equal(y, test.want) {
			t.Errorf("%s: %v, %v, want %v", name, y, err, test.want)
		}
	}
}
