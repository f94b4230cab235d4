package model

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A batch that is fixed to n is n rows of a frame: what they give is what each
// gives by itself, at every cut, by the same kernels.
func TestFixedBatchIsRows(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	floats := func(n int) []float32 {
		s := make([]float32, n)
		for i := range s {
			s[i] = r.Float32() - 0.5
		}
		return s
	}
	variance := []float32{1, 2, 3, 4}
	file := graph{
		nodes: []bytesOf{
			apply("Conv", "c", []string{"x", "w"}, intsAttr("pads", 1, 1, 1, 1)),
			apply("BatchNormalization", "n", []string{"c", "b", "b", "b", "v"}),
			apply("Relu", "a", []string{"n"}),
			apply("MaxPool", "p", []string{"a"}, intsAttr("kernel_shape", 2, 2), intsAttr("strides", 2, 2)),
			apply("Conv", "d", []string{"p", "u"}, intAttr("group", 4)),
			apply("Concat", "k", []string{"d", "d"}, intAttr("axis", 1)),
			apply("Conv", "e", []string{"k", "q"}),
			apply("Flatten", "f", []string{"e"}),
			apply("MatMul", "y", []string{"f", "m"}),
		},
		initializers: []bytesOf{
			weights("w", []int64{4, 2, 3, 3}, floats(72)...), weights("b", []int64{4}, floats(4)...), weights("v", []int64{4}, variance...),
			weights("u", []int64{4, 1, 2, 2}, floats(16)...), weights("q", []int64{3, 8, 1, 1}, floats(24)...), weights("m", []int64{12, 5}, floats(60)...),
		},
		in: []bytesOf{info("x", -1, 2, 6, 6)},
	}.file()
	open := func(samples int) *Executor {
		n, err := read("test.onnx", bytes.NewReader(file), int64(len(file)), &siblings{}, Settings{Shapes: []Shape{{"x", []int{samples, 2, 6, 6}}}})
		if err != nil {
			t.Fatal(err)
		}
		e := NewExecutor(n, Options{Batch: 2})
		t.Cleanup(e.Close)
		if err := e.Load(0, n.Len()); err != nil {
			t.Fatal(err)
		}
		return e
	}
	one, three := open(1), open(3)
	for l := range three.net.Len() {
		if a, b := one.net.Describe(l), three.net.Describe(l); strings.Contains(a, "conv") && a != b {
			t.Errorf("layer %d is %s for three samples, and %s for one", l, b, a)
		}
	}
	if got, want := three.net.Work(0, three.net.Len()), 3*one.net.Work(0, one.net.Len()); got != want {
		t.Errorf("three samples take %d multiply-adds, want %d", got, want)
	}
	const size = 2 * 6 * 6
	frames, wants := [][]float32{floats(3 * size), floats(3 * size)}, make([][]float32, 2)
	for f, x := range frames {
		for sample := range slices.Chunk(x, size) {
			y, err := runOne(one, sample, 0, one.net.Len())
			if err != nil {
				t.Fatal(err)
			}
			wants[f] = append(wants[f], y...)
		}
	}
	everyCut(t, three.net, frames, wants, []int{15}, 1e-5)
}
