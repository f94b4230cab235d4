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

// What enters and what is given may be several tensors, and so is what is alive
// in between; each lies behind the one before.
func TestSeveralInputsAndOutputs(t *testing.T) {
	two := []bytesOf{info("x", 1, 2), info("z", 1, 1, 2)}
	for name, test := range map[string]struct {
		g    graph
		want []float32
	}{
		"two of each":               {graph{nodes: []bytesOf{apply("Relu", "a", []string{"x"}), apply("Mul", "b", []string{"z", "a"})}, out: []bytesOf{info("b"), info("a")}}, []float32{0, 12, 0, 4}},
		"an input that is given":    {graph{nodes: []bytesOf{apply("Add", "a", []string{"x", "x"})}, out: []bytesOf{info("z"), info("a"), info("x")}}, []float32{2, 3, -2, 8, -1, 4}},
		"nothing but inputs":        {graph{nodes: []bytesOf{apply("Identity", "a", []string{"x"})}, out: []bytesOf{info("z"), info("a")}}, []float32{2, 3, -1, 4}},
		"one value by two names":    {graph{nodes: []bytesOf{apply("Tanh", "t", []string{"x"}), apply("Relu", "a", []string{"x"}), apply("Identity", "b", []string{"a"})}, out: []bytesOf{info("a"), info("b")}}, []float32{0, 4, 0, 4}},
		"a value and a view of it":  {graph{nodes: []bytesOf{apply("Relu", "a", []string{"x"}), apply("Transpose", "b", []string{"a"}, intsAttr("perm", 1, 0))}, out: []bytesOf{info("b"), info("a")}}, []float32{0, 4, 0, 4}},
		"a part of what is joined":  {graph{nodes: []bytesOf{apply("Relu", "a", []string{"x"}), apply("Relu", "c", []string{"x"}), apply("Concat", "b", []string{"a", "c"}, intAttr("axis", 1))}, out: []bytesOf{info("a"), info("b"), info("c")}}, []float32{0, 4, 0, 4, 0, 4, 0, 4}},
		"a constant":                {graph{nodes: []bytesOf{apply("Relu", "a", []string{"x"})}, out: []bytesOf{info("k"), info("a")}, initializers: []bytesOf{weights("k", []int64{1}, 9)}}, []float32{9, 0, 4}},
		"bounded and not":           {graph{nodes: []bytesOf{apply("Add", "a", []string{"x", "x"}), apply("Relu", "b", []string{"a"})}, out: []bytesOf{info("a"), info("b")}}, []float32{-2, 8, 0, 8}},
		"an input that nobody uses": {graph{nodes: []bytesOf{apply("Relu", "a", []string{"z"}), apply("Relu", "b", []string{"a"})}, out: []bytesOf{info("b")}}, []float32{2, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			test.g.in = two
			n, err := open(t, test.g.file())
			if err != nil {
				t.Fatal(err)
			}
			e := NewExecutor(n, Options{Batch: 2})
			defer e.Close()
			if err := e.Load(0, n.Len()); err != nil {
				t.Fatal(err)
			}
			x := []float32{-1, 4, 2, 3}
			for cut := range n.Len() {
				y := [][]float32{x, x}
				for _, s := range []span{{0, cut}, {cut, n.Len()}} {
					if s.from == s.to {
						continue
					}
					if y, err = e.Run(y, s.from, s.to); err != nil {
						t.Fatal(err)
					}
				}
				if !slices.Equal(y[0], test.want) || !slices.Equal(y[1], test.want) {
					t.Errorf("cut at %d with %q: %v, want %v", cut, n.Tensors(cut), y, test.want)
				}
			}
		})
	}
}

// Of two orders that are possible the one is taken in which less is alive: a
// branch is followed to its end, whatever the file's order.
func TestTheOrderKeepsFewNumbersAlive(t *testing.T) {
	pool := func(y, x string) bytesOf { return apply("GlobalAveragePool", y, []string{x}) }
	n, err := open(t, graph{nodes: []bytesOf{
		apply("Tanh", "a", []string{"x"}), apply("Sigmoid", "b", []string{"x"}), apply("Relu", "c", []string{"x"}),
		pool("pa", "a"), pool("pb", "b"), pool("pc", "c"), apply("Add", "s", []string{"pa", "pb"}), apply("Add", "y", []string{"s", "pc"})},
		in: []bytesOf{info("x", 1, 1, 8, 8)}}.file())
	if err != nil {
		t.Fatal(err)
	}
	most := 0
	for i := range n.Len() {
		most = max(most, n.Size(i))
	}
	if most > 2*64+2 {
		t.Errorf("up to %d numbers are alive, want the input, a branch and two averages", most)
	}
	if cut, err := n.Cut("pb"); err != nil || n.Size(cut) > 64+2 {
		t.Errorf("cut at %d, %v: %q are alive", cut, err, n.Tensors(cut))
	}
}
