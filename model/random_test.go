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

// draw makes a network of random nodes on vectors, of which many can work in
// place, are views, or join others.
func draw(t *testing.T, r *rand.Rand) *Network {
	n := &Network{name: "random", elsewhere: map[string]why{}, values: []value{{[]string{"v0"}, []int{1, 6}}}}
	length := func(v int) int { return op.Volume(n.values[v].dims) }
	add := func(name string, attribute onnx.Attribute, in ...int) {
		reader := &op.Node{Node: &onnx.Node{Op: name, Outputs: []string{"y"}, Attributes: []onnx.Attribute{attribute}}, Opset: 9}
		for _, v := range in {
			reader.In = append(reader.In, op.Input{Shape: n.values[v].dims})
			reader.Inputs = append(reader.Inputs, "x")
		}
		if err := op.Table[name].Read(reader); err != nil {
			t.Fatal(err)
		}
		v := len(n.values)
		n.values = append(n.values, value{[]string{fmt.Sprint("v", v)}, reader.Results[0].Shape})
		n.nodes = append(n.nodes, node{reader.Results[0].Operation, in, v})
	}
	recent := func() int { return max(0, len(n.values)-1-r.IntN(min(len(n.values), 5))) }
	for range 3 + r.IntN(9) {
		v := recent()
		switch r.IntN(9) {
		case 0:
			add("Relu", onnx.Attribute{}, v)
		case 1:
			add("Tanh", onnx.Attribute{}, v)
		case 2, 3:
			w := recent()
			if length(w) != length(v) {
				w = v
			}
			add("Add", onnx.Attribute{}, v, w)
		case 4, 5:
			in, total := []int{}, 0
			for range 1 + r.IntN(3) {
				w := recent()
				in, total = append(in, w), total+length(w)
			}
			if total < 40 {
				add("Concat", onnx.Attribute{}, in...)
			}
		case 6, 7:
			if size := length(v); size > 1 {
				count := 1 + r.IntN(size-1)
				at := r.IntN(size - count + 1)
				before := onnx.Attribute{Name: "pads", Ints: []int64{0, int64(-at), 0, int64(at + count - size)}} // a slice
				add("Pad", before, v)
			}
		case 8:
			add("Flatten", onnx.Attribute{}, v)
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
		if len(n.nodes) == 0 {
			continue
		}
		n.prune(len(n.values) - 1)
		if len(n.nodes) == 0 {
			continue
		}
		n.segment()
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
			dims := n.values[node.out].dims
			y := over(make([]float32, op.Volume(dims)), dims)
			if err := k.Apply(y, xs, op.With{Clamp: f32.Linear}); err != nil {
				t.Fatal(err)
			}
			own[node.out] = y
		}
		want := own[n.cuts[n.Len()]].Float32s()
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
