package model

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// open reads a file that a test has made.
func open(t testing.TB, file []byte) (*Network, error) {
	t.Helper()
	return read("test.onnx", bytes.NewReader(file), int64(len(file)), &siblings{}, Settings{})
}

// run computes the whole of a file on x.
func run(t *testing.T, file []byte, x ...float32) []float32 {
	t.Helper()
	n, err := open(t, file)
	if err != nil {
		t.Fatal(err)
	}
	e := NewExecutor(n, Options{})
	if err := e.Load(0, n.Len()); err != nil {
		t.Fatal(err)
	}
	y, err := runOne(e, x, 0, n.Len())
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// W is 3 outputs by 2 inputs; W (1, 2) = (5, 11, 17).
var (
	outByIn = weights("w", []int64{3, 2}, 1, 2, 3, 4, 5, 6)
	inByOut = weights("w", []int64{2, 3}, 1, 3, 5, 2, 4, 6)
	bias    = weights("c", []int64{3}, 10, 20, 30)
)

func TestImportByHand(t *testing.T) {
	constant := func(a bytesOf) bytesOf { return apply("Constant", "c", nil, a) }
	floats := bytesOf{}.str(1, "value_floats").f32(7, 1).f32(7, 2).f32(7, 3).int(20, 6)
	packed := bytesOf{}.int(1, 3).int(2, 1).str(8, "c").msg(4, raw(10, 20, 30)) // float_data
	one := []bytesOf{info("x", 1, 2)}
	tests := map[string]struct {
		g    graph
		want []float32
	}{
		"gemm": {graph{nodes: []bytesOf{apply("Gemm", "y", []string{"x", "w"})}, initializers: []bytesOf{inByOut}}, []float32{5, 11, 17}},
		"gemm transB, bias": {graph{nodes: []bytesOf{apply("Gemm", "y", []string{"x", "w", "c"}, intAttr("transB", 1))},
			initializers: []bytesOf{outByIn, bias}}, []float32{15, 31, 47}},
		"gemm alpha, beta": {graph{nodes: []bytesOf{apply("Gemm", "y", []string{"x", "w", "c"}, floatAttr("alpha", 2), floatAttr("beta", -1))},
			initializers: []bytesOf{inByOut, bias}}, []float32{0, 2, 4}},
		"gemm, one number for all": {graph{nodes: []bytesOf{apply("Gemm", "y", []string{"x", "w", "c"})},
			initializers: []bytesOf{inByOut, weights("c", nil, 100)}}, []float32{105, 111, 117}},
		"gemm, bias of two dimensions": {graph{nodes: []bytesOf{apply("Gemm", "y", []string{"x", "w", "c"})},
			initializers: []bytesOf{inByOut, weights("c", []int64{1, 3}, 10, 20, 30)}}, []float32{15, 31, 47}},
		"gemm with beta and no bias, add": {graph{nodes: []bytesOf{apply("Gemm", "h", []string{"x", "w"}, floatAttr("beta", 0)),
			apply("Add", "y", []string{"h", "c"})}, initializers: []bytesOf{inByOut, bias}}, []float32{15, 31, 47}},
		"matmul": {graph{nodes: []bytesOf{apply("MatMul", "y", []string{"x", "w"})}, initializers: []bytesOf{inByOut}}, []float32{5, 11, 17}},
		"matmul, add from the left": {graph{nodes: []bytesOf{apply("MatMul", "h", []string{"x", "w"}), apply("Add", "y", []string{"c", "h"})},
			initializers: []bytesOf{inByOut, packed}}, []float32{15, 31, 47}},
		"constant tensor": {graph{nodes: []bytesOf{constant(tensorAttr("value", bias)), apply("Gemm", "y", []string{"x", "w", "c"})},
			initializers: []bytesOf{inByOut}}, []float32{15, 31, 47}},
		"constant floats": {graph{nodes: []bytesOf{constant(floats), apply("Gemm", "y", []string{"x", "w", "c"})},
			initializers: []bytesOf{inByOut}}, []float32{6, 13, 20}},
		"constant float": {graph{nodes: []bytesOf{constant(floatAttr("value_float", 7)), apply("Gemm", "y", []string{"x", "w", "c"})},
			initializers: []bytesOf{inByOut}}, []float32{12, 18, 24}},
		"identity everywhere": {graph{nodes: []bytesOf{apply("Identity", "x2", []string{"x"}), apply("Identity", "w2", []string{"w"}),
			apply("MatMul", "h", []string{"x2", "w2"}), apply("Identity", "y", []string{"h"})}, initializers: []bytesOf{inByOut}}, []float32{5, 11, 17}},
		"initializer among the inputs": {graph{nodes: []bytesOf{apply("MatMul", "y", []string{"x", "w"})}, initializers: []bytesOf{inByOut},
			in: []bytesOf{info("w", 2, 3), info("x", 1, 2)}}, []float32{5, 11, 17}},
		"batch symbolic": {graph{nodes: []bytesOf{apply("Gemm", "y", []string{"x", "w"})}, initializers: []bytesOf{inByOut},
			in: []bytesOf{info("x", -1, 2)}}, []float32{5, 11, 17}},
		"batch unknown": {graph{nodes: []bytesOf{apply("Gemm", "y", []string{"x", "w"})}, initializers: []bytesOf{inByOut},
			in: []bytesOf{info("x", -2, 2)}}, []float32{5, 11, 17}},
		"batch missing": {graph{nodes: []bytesOf{apply("MatMul", "y", []string{"x", "w"})}, initializers: []bytesOf{inByOut},
			in: []bytesOf{info("x", 2)}}, []float32{5, 11, 17}},
		"relu, flatten": {graph{nodes: []bytesOf{apply("Relu", "h", []string{"x"}), apply("Flatten", "f", []string{"h"}),
			apply("MatMul", "y", []string{"f", "w"})}, initializers: []bytesOf{inByOut}, in: []bytesOf{info("x", 1, 1, 2, 1)}}, []float32{5, 11, 17}},
		"softmax of rows":       {graph{nodes: []bytesOf{apply("Softmax", "y", []string{"x"})}, in: []bytesOf{info("x", 1, 2, 1)}}, []float32{1, 1}},
		"softmax over the rest": {graph{nodes: []bytesOf{apply("Softmax", "y", []string{"x"}, intAttr("axis", 1))}, in: one}, []float32{0.26894143, 0.7310586}},
		"softmax before 13":     {graph{nodes: []bytesOf{apply("Softmax", "y", []string{"x"})}, in: []bytesOf{info("x", 1, 2, 1)}, opset: 11}, []float32{0.26894143, 0.7310586}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := run(t, test.g.file(), 1, 2); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestImportRefuses(t *testing.T) {
	gemm := apply("Gemm", "y", []string{"x", "w"})
	chain := func(nodes ...bytesOf) graph { return graph{nodes: nodes, initializers: []bytesOf{inByOut, bias}} }
	external := bytesOf{}.int(1, 2).int(1, 3).int(2, 1).str(8, "w").int(14, 1).msg(13, bytesOf{}.str(1, "location").str(2, "w.bin"))
	huge := bytesOf{}.int(1, 1<<40).int(1, 1<<40).int(2, 1).str(8, "w").msg(9, raw(1))
	negative := bytesOf{}.int(1, -2).int(1, 3).int(2, 1).str(8, "w").msg(9, raw(1))
	deep := bytesOf{}
	for range 100 {
		deep = bytesOf{}.msg(6, bytesOf{}.msg(1, bytesOf{}.str(4, "If").msg(5, deep)))
	}
	tests := map[string]struct {
		g    graph
		is   error
		says []string
	}{
		"unknown operators": {chain(apply("Warp", "a", []string{"x", "w"}), apply("Weft", "b", []string{"a"}), apply("Warp", "c2", []string{"b"}),
			bytesOf(apply("Gemm", "y", []string{"c2", "w"})).str(7, "com.microsoft")), ErrUnsupported,
			[]string{`Warp (in "/a", "/c2")`, `Weft (in "/b")`, `com.microsoft.Gemm (in "/y")`, "inspect --operators"}},
		"condition of several": {chain(apply("If", "y", []string{"x"}, deep)), ErrMalformed, []string{`If "/y"`, "condition of shape [1 2]"}},
		"shapes that do not fit": {chain(apply("Relu", "a", []string{"x"}), apply("MatMul", "b", []string{"a", "w"}), apply("Add", "y", []string{"b", "a"})),
			ErrMalformed, []string{`Add "/y"`, "[1 3] and [1 2]"}},
		"output absorbed": {graph{nodes: []bytesOf{apply("MatMul", "y", []string{"x", "w"}), apply("Add", "z", []string{"y", "c"})},
			initializers: []bytesOf{inByOut, bias}, out: []bytesOf{info("q")}}, ErrMalformed, []string{`"q"`}},
		"cycle":                {chain(apply("Add", "a", []string{"x", "b"}), apply("Relu", "b", []string{"a"}), apply("Relu", "y", []string{"b"})), nil, []string{`Add "/a"`}},
		"missing input":        {chain(apply("Relu", "y", []string{"nowhere"})), ErrMalformed, []string{`Relu "/y"`, `"nowhere"`}},
		"missing weights":      {graph{nodes: []bytesOf{gemm}}, ErrMalformed, []string{`Gemm "/y"`, `"w"`}},
		"too few inputs":       {chain(apply("Gemm", "y", []string{"x"})), ErrMalformed, []string{"1 inputs, want 2 to 3"}},
		"defined twice":        {chain(apply("Relu", "x", []string{"x"}), gemm), ErrMalformed, []string{`"x"`, "twice"}},
		"no output":            {chain(apply("Relu", "z", []string{"x"})), ErrMalformed, []string{`"y"`}},
		"an output too many":   {graph{nodes: []bytesOf{gemm}, initializers: []bytesOf{inByOut}, out: []bytesOf{info("y"), info("z")}}, ErrMalformed, []string{`"z"`}},
		"an input twice":       {graph{nodes: []bytesOf{gemm}, initializers: []bytesOf{inByOut}, in: []bytesOf{info("x", 1, 2), info("x", 1, 2)}}, ErrMalformed, []string{`"x"`, "twice"}},
		"symbol in the middle": {graph{nodes: []bytesOf{gemm}, in: []bytesOf{info("x", 1, -1)}}, ErrUnsupported, []string{`"N"`}},
		"huge input":           {graph{nodes: []bytesOf{gemm}, in: []bytesOf{info("x", 1, 1<<40, 1<<40)}}, ErrUnsupported, []string{"dimension 1099511627776"}},
		"input of no elements": {graph{nodes: []bytesOf{gemm}, in: []bytesOf{info("x", 1, 0)}}, ErrUnsupported, []string{"dimension 0"}},
		"huge weights":         {graph{nodes: []bytesOf{gemm}, initializers: []bytesOf{huge}}, ErrMalformed, []string{`initializer "w"`, "impossible shape"}},
		"negative weights":     {graph{nodes: []bytesOf{gemm}, initializers: []bytesOf{negative}}, ErrMalformed, []string{"impossible shape"}},
		"short weights": {graph{nodes: []bytesOf{gemm}, initializers: []bytesOf{weights("w", []int64{2, 3}, 1, 2)}}, ErrMalformed,
			[]string{`initializer "w"`, "8 bytes", "want 24"}},
		"weights that do not fit": {graph{nodes: []bytesOf{gemm}, initializers: []bytesOf{outByIn}}, ErrMalformed, []string{"[3 2]", "activation of 2"}},
		"external weights":        {graph{nodes: []bytesOf{gemm}, initializers: []bytesOf{external}}, os.ErrNotExist, []string{"w.bin", "external_data=False"}},
		"wrong bias": {graph{nodes: []bytesOf{apply("Gemm", "y", []string{"x", "w", "c"})},
			initializers: []bytesOf{inByOut, weights("c", []int64{2}, 1, 2)}}, ErrMalformed, []string{`bias "c"`, "3 outputs"}},
		"axis out of range": {chain(apply("Softmax", "y", []string{"x"}, intAttr("axis", 1<<40))), ErrMalformed, []string{"axis 1099511627776"}},
		"new operators":     {graph{nodes: []bytesOf{gemm}, opset: 99}, ErrUnsupported, []string{"version 99", "opset_version"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := open(t, test.g.file())
			if err == nil {
				t.Fatal("accepted")
			}
			t.Log(err)
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("it is not %q", test.is)
			}
			for _, s := range test.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("it does not say %s", s)
				}
			}
		})
	}
}

func TestImportTruncated(t *testing.T) {
	file := graph{nodes: []bytesOf{apply("Gemm", "y", []string{"x", "w", "c"})}, initializers: []bytesOf{inByOut, bias}}.file()
	if _, err := open(t, file); err != nil {
		t.Fatal(err)
	}
	for n := range file {
		if _, err := open(t, file[:n]); !errors.Is(err, ErrMalformed) {
			t.Errorf("%d of %d bytes: got %v, want %v", n, len(file), err, ErrMalformed)
		}
	}
}
