package model

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"tandem/model/internal/op"
)

// allocated is the number of bytes that f allocates.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// allowance is what opening a file may allocate in all: the parser's and the
// importer's share of four times its size, and what a file of any size needs.
func allowance(size int) int64 { return 4*int64(size) + 5<<20 }

// Files that are nothing but messages, the smallest of each kind.
func TestOpenMemoryIsBounded(t *testing.T) {
	const n = 100_000
	many := func(field protowire.Number, body []byte) []byte { return bytes.Repeat(bytesOf{}.msg(field, body), n) }
	ints := func(b []byte) []byte { return bytesOf{}.msg(1, bytesOf{}.str(4, "Relu").msg(5, b)) }
	chain := func(links int, suffix string) bytesOf { // of so many layers, with names of some length
		var b bytesOf
		name := "x"
		for i := range links {
			next := string([]byte{byte('0' + i&63), byte('0' + i>>6&63), byte('0' + i>>12&63)}) + suffix
			b = b.msg(1, bytesOf{}.str(1, name).str(2, next).str(4, "Relu"))
			name = next
		}
		return b.msg(11, info("x", 1, 2)).msg(12, info(name))
	}
	for about, graph := range map[string][]byte{
		"nodes":            many(1, nil),
		"initializers":     many(5, nil),
		"inputs":           many(11, nil),
		"values":           many(13, info("v")),
		"dimensions":       bytesOf{}.msg(11, bytesOf{}.msg(2, bytesOf{}.msg(1, bytesOf{}.msg(2, many(1, nil))))),
		"names":            bytesOf{}.msg(1, many(1, nil)),
		"attributes":       bytesOf{}.msg(1, many(5, nil)),
		"integers":         ints(many(8, []byte{1})),
		"packed integers":  ints(bytesOf{}.msg(8, bytes.Repeat([]byte{1}, n))),
		"tensor's numbers": bytesOf{}.msg(5, many(13, nil)),
		"chain":            chain(n, ""),
		"short chain":      chain(2900, ""),
		"medium chain":     chain(8000, "-"),
		"long names":       chain(8000, strings.Repeat("-", 200)),
	} {
		file := bytesOf{}.msg(7, graph).msg(8, bytesOf{}.int(2, 13))
		var err error
		got := allocated(func() {
			_, err = read("test", bytes.NewReader(file), int64(len(file)), &siblings{}, Settings{Constants: 1 << 20})
		})
		if got > allowance(len(file)) {
			t.Errorf("%d %s in %d bytes: allocated %d, want at most %d (%v)", n, about, len(file), got, allowance(len(file)), err)
		}
		t.Logf("%s: %d bytes, allocated %d: %.150v", about, len(file), got, err)
	}
}

func FuzzOpen(f *testing.F) {
	gemm := graph{nodes: []bytesOf{apply("Gemm", "h", []string{"x", "w", "c"}), apply("Softmax", "y", []string{"h"})}, initializers: []bytesOf{inByOut, bias}}
	f.Add(gemm.file())
	f.Add(graph{nodes: []bytesOf{apply("Constant", "c", nil, tensorAttr("value", bias)), apply("Flatten", "f", []string{"x"}),
		apply("MatMul", "m", []string{"f", "w"}), apply("Add", "a", []string{"m", "c"}), apply("Relu", "r", []string{"a"}),
		apply("Identity", "y", []string{"r"})}, initializers: []bytesOf{inByOut}}.file())
	picture := []bytesOf{info("x", 1, 2, 4, 4)}
	kernel := weights("k", []int64{2, 2, 3, 3}, make([]float32, 36)...)
	f.Add(graph{nodes: []bytesOf{apply("Conv", "a", []string{"x", "k"}, intsAttr("pads", 1, 1, 1, 1), intsAttr("strides", 2, 2)), apply("Relu", "b", []string{"a"}),
		apply("MaxPool", "d", []string{"b"}, intsAttr("kernel_shape", 2, 2), intAttr("ceil_mode", 1)), apply("Concat", "e", []string{"d", "d"}, intAttr("axis", 1)),
		apply("GlobalAveragePool", "y", []string{"e"})}, initializers: []bytesOf{kernel}, in: picture}.file())
	f.Add(graph{nodes: []bytesOf{apply("Conv", "a", []string{"x", "k"}, intsAttr("dilations", 2, 2), stringAttr("auto_pad", "SAME_UPPER")),
		apply("Add", "b", []string{"a", "x"}), apply("AveragePool", "d", []string{"b"}, intsAttr("kernel_shape", 3, 3), intAttr("count_include_pad", 1), intsAttr("pads", 1, 1, 1, 1)),
		apply("LRN", "y", []string{"d"}, intAttr("size", 3))}, initializers: []bytesOf{kernel}, in: picture}.file())
	f.Add(graph{nodes: []bytesOf{apply("Shape", "s", []string{"x"}), apply("Slice", "t", []string{"s", "from", "to"}), apply("Concat", "u", []string{"t", "rest"}, intAttr("axis", 0)),
		apply("Reshape", "a", []string{"x", "u"}), apply("Transpose", "b", []string{"a"}, intsAttr("perm", 0, 1)), apply("ReduceMean", "d", []string{"b"}, intsAttr("axes", 1)),
		apply("Pad", "e", []string{"d", "pads"}), apply("Gather", "y", []string{"e", "from"}, intAttr("axis", 1))},
		initializers: []bytesOf{ints("from", 0), ints("to", 1), ints("rest", -1), ints("pads", 0, 1, 0, 1)}, in: picture}.file())
	f.Add(graph{nodes: []bytesOf{bytesOf(apply("Split", "a", []string{"x"}, intAttr("axis", 1))).str(2, "b"), apply("HardSwish", "d", []string{"a"}), apply("Mul", "e", []string{"d", "b"}),
		apply("BatchNormalization", "y", []string{"e", "g", "g", "g", "g"})}, initializers: []bytesOf{weights("g", []int64{1}, 1)}, in: picture}.file())
	sequence := []bytesOf{info("x", 2, 1, 3)}
	f.Add(graph{nodes: []bytesOf{apply("LSTM", "a", []string{"x", "w", "r"}, stringAttr("direction", "forward")), apply("Squeeze", "b", []string{"a", "one"}), apply("Einsum", "d", []string{"b", "b"}, stringAttr("equation", "abc,abd->acd")),
		apply("LayerNormalization", "e", []string{"d", "two"}), apply("Softmax", "y", []string{"e"})},
		initializers: []bytesOf{weights("w", []int64{1, 8, 3}, make([]float32, 24)...), weights("r", []int64{1, 8, 2}, make([]float32, 16)...), ints("one", 1), weights("two", []int64{2}, 1, 2)}, in: sequence}.file())
	f.Add(graph{nodes: []bytesOf{apply("ConstantOfShape", "c", []string{"size"}), apply("MatMul", "m", []string{"c", "c"}), apply("ReduceSum", "s", []string{"m"}), apply("Where", "a", []string{"s", "x", "m"}),
		apply("Attention", "b", []string{"x", "x", "x"}, intAttr("q_num_heads", 2), intAttr("kv_num_heads", 2)), apply("MatMul", "d", []string{"b", "b"}), apply("TopK", "e", []string{"b", "one"}),
		apply("ArgMax", "g", []string{"d"}), apply("Add", "y", []string{"e", "a"})},
		initializers: []bytesOf{ints("size", 4, 4), ints("one", 1)}, in: []bytesOf{info("x", 1, 4, 4)}}.file())
	for name := range op.Table {
		f.Add(graph{nodes: []bytesOf{apply(name, "a", []string{"x", "w"}), apply(name, "b", []string{"w", "w"}), apply("Add", "y", []string{"a", "b"})},
			initializers: []bytesOf{weights("w", []int64{2, 2}, 1, 2, 3, 4)}}.file())
	}
	if b, err := os.ReadFile(digits); err == nil {
		f.Add(b[:2000])
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		var n *Network
		var err error
		if got := allocated(func() {
			n, err = read("fuzz", bytes.NewReader(file), int64(len(file)), &siblings{}, Settings{Constants: 1 << 20})
		}); got > allowance(len(file)) {
			t.Errorf("%d bytes: allocated %d, want at most %d", len(file), got, allowance(len(file)))
		}
		if err != nil {
			return
		}
		for _, v := range n.values {
			if op.Volume(v.dims) > 1<<16 {
				return // sound, but slow
			}
		}
		if n.Work(0, n.Len()) > 1<<24 {
			return
		}
		e := NewExecutor(n, Options{})
		if err := e.Load(0, n.Len()); err != nil {
			return
		}
		if _, err := runOne(e, make([]float32, n.Size(0)), 0, n.Len()); err != nil {
			t.Errorf("run: %v", err)
		}
		n.Cut("1")
		n.Cut("nowhere")
		n.DefaultCut(1)
	})
}
