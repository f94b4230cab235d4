package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
	"tandem/model/internal/onnx"
	"tandem/model/internal/op"
)

// draw makes a network of random nodes, of which many can work in place, are
// views, or join others.
func draw(t *testing.T, r *rand.Rand) *Network {
	n := &Network{name: "random", elsewhere: map[string]why{}, values: []value{{names: []string{"v0"}, dims: [][]int{{1, 6}, {1, 2, 3}, {1, 3, 2}, {1, 1, 6}}[r.IntN(4)]}}}
	shape := func(v int) []int { return n.values[v].dims }
	add := func(name string, attributes []onnx.Attribute, in ...int) {
		reader := &op.Node{Node: &onnx.Node{Op: name, Outputs: []string{"y"}, Attributes: attributes}, Opset: 9}
		for _, v := range in {
			reader.In = append(reader.In, op.Input{Shape: n.values[v].dims})
			reader.Inputs = append(reader.Inputs, "x")
		}
		if err := op.Table[name].Read(reader); err != nil {
			t.Fatal(err)
		}
		if reader.Results[0].Operation == nil {
			return // it gives what it takes
		}
		v := len(n.values)
		n.values = append(n.values, value{names: []string{fmt.Sprint("v", v)}, dims: reader.Results[0].Shape})
		n.nodes = append(n.nodes, node{reader.Results[0].Operation, in, []int{v}})
	}
	recent := func() int { return max(0, len(n.values)-1-r.IntN(min(len(n.values), 5))) }
	axis := func(v int) int { return 1 + r.IntN(len(shape(v))-1) }
	along := func(name string, a int) onnx.Attribute {
		return onnx.Attribute{Name: name, Type: onnx.AttributeInt, Int: int64(a)}
	}
	list := func(name string, v ...int64) onnx.Attribute {
		return onnx.Attribute{Name: name, Type: onnx.AttributeInts, Ints: v}
	}
	for range 3 + r.IntN(9) {
		v := recent()
		switch r.IntN(11) {
		case 0:
			add("Relu", nil, v)
		case 1:
			add("Tanh", nil, v)
		case 2, 3:
			w := recent()
			if !slices.Equal(shape(w), shape(v)) {
				w = v
			}
			add("Add", nil, v, w)
		case 4, 5:
			in, a, total := []int{v}, axis(v), op.Volume(shape(v))
			for range r.IntN(3) {
				w := recent()
				if len(shape(w)) == len(shape(v)) && slices.Equal(shape(w)[:a], shape(v)[:a]) && slices.Equal(shape(w)[a+1:], shape(v)[a+1:]) {
					in, total = append(in, w), total+op.Volume(shape(w))
				}
			}
			if total < 40 {
				add("Concat", []onnx.Attribute{along("axis", a)}, in...)
			}
		case 6, 7:
			a := axis(v)
			if size := shape(v)[a]; size > 1 {
				first := r.IntN(size)
				end := first + 1 + r.IntN(size-first)
				add("Slice", []onnx.Attribute{list("starts", int64(first)), list("ends", int64(end)), list("axes", int64(a)), list("steps", int64(1+r.IntN(2)))}, v)
			}
		case 8:
			add("Flatten", nil, v)
		case 9:
			if len(shape(v)) == 3 {
				add("Transpose", []onnx.Attribute{list("perm", 0, 2, 1)}, v)
			}
		case 10:
			add("ReduceMean", []onnx.Attribute{list("axes", int64(axis(v)))}, v)
		}
	}
	return n
}

// What a plan computes in memory that values share is what they give in memory
// of their own, in every slice.
func TestPlansShareMemoryWithoutHarm(t *testing.T) {
	seeds := uint64(1000)
	if testing.Short() {
		seeds = 200
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 1))
		n := draw(t, r)
		outputs := []int{len(n.values) - 1}
		for range r.IntN(3) {
			outputs = append(outputs, r.IntN(len(n.values)))
		}
		number := n.arrange(1, outputs)
		for i, v := range outputs {
			outputs[i] = number[v]
		}
		if len(n.nodes) == 0 {
			continue
		}
		if err := n.follow(1, outputs, 1<<10); err != nil {
			t.Fatal(err)
		}
		x := make([]float32, 6)
		for i := range x {
			x[i] = r.Float32()*2 - 1
		}
		own := map[int]*tensor.Dense{0: over(slices.Clone(x), n.values[0].dims)}
		for _, node := range n.nodes {
			k, err := node.Load()
			if err != nil {
				t.Fatal(err)
			}
			var xs []*tensor.Dense
			for _, v := range node.in {
				xs = append(xs, own[v])
			}
			dims := n.values[node.out[0]].dims
			y := over(make([]float32, op.Volume(dims)), dims)
			if err := k.Apply(y, xs, op.With{Clamp: f32.Linear}); err != nil {
				t.Fatal(err)
			}
			own[node.out[0]] = y
		}
		var want []float32
		for _, v := range outputs {
			want = append(want, own[v].Float32s()...)
		}
		for cut := range n.Len() {
			e := NewExecutor(n, Options{Batch: 2})
			if err := e.Load(0, n.Len()); err != nil {
				t.Fatal(err)
			}
			h, err := [][]float32{x, x}, error(nil)
			if cut > 0 {
				h, err = e.Run(h, 0, cut)
			}
			if err == nil {
				h, err = e.Run(h, cut, n.Len())
			}
			if err != nil {
				t.Fatal(err)
			}
			for f := range h {
				for i, v := range want {
					if math.Abs(float64(v-h[f][i])) > 1e-6 {
						t.Fatalf("seed %d, cut %d, frame %d: element %d is %v, want %v; nodes %v", seed, cut, f, i, h[f][i], v, n.nodes)
					}
				}
			}
		}
	}
}

// Slices and transposes before what can read them where they lie are not
// computed: the plan of this one has no step but the concat.
func TestViewsAreNotComputed(t *testing.T) {
	n, err := open(t, graph{nodes: []bytesOf{
		apply("Slice", "a", []string{"x", "zero", "end", "columns", "two"}), apply("Slice", "b", []string{"x", "one", "end", "columns", "two"}),
		apply("Transpose", "c", []string{"b"}, intsAttr("perm", 0, 2, 1)), apply("Concat", "y", []string{"a", "c"}, intAttr("axis", 1))},
		in:           []bytesOf{info("x", 1, 2, 4)},
		initializers: []bytesOf{ints("zero", 0), ints("one", 1), ints("two", 2), ints("end", 9), ints("columns", 2)}}.file())
	if err != nil {
		t.Fatal(err)
	}
	e := NewExecutor(n, Options{})
	if err := e.Load(0, n.Len()); err != nil {
		t.Fatal(err)
	}
	p, err := e.plan(0, n.Len())
	if err != nil || len(p.steps) != 1 {
		t.Errorf("%d steps, %v, want the concat alone", len(p.steps), err)
	}
	y, err := runOne(e, []float32{1, 2, 3, 4, 5, 6, 7, 8}, 0, n.Len())
	if want := []float32{1, 3, 5, 7, 2, 6, 4, 8}; err != nil || !slices.Equal(y, want) {
		t.Errorf("got %v, %v, want %v", y, err, want)
	}
}
