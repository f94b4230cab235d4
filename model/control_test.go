package model

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// inside is a graph for an attribute.
func inside(name string, in, out []string, nodes ...bytesOf) bytesOf {
	var g bytesOf
	for _, n := range nodes {
		g = g.msg(1, n)
	}
	for _, v := range in {
		g = g.msg(11, bytesOf{}.str(1, v))
	}
	for _, v := range out {
		g = g.msg(12, bytesOf{}.str(1, v))
	}
	return bytesOf{}.str(1, name).msg(6, g).int(20, 5)
}

func TestIfAndLoopByHand(t *testing.T) {
	double := apply("Add", "d", []string{"x", "x"})
	negative := inside("else_branch", nil, []string{"n"}, apply("Neg", "n", []string{"x"}))
	branches := func(condition bytesOf) graph {
		return graph{nodes: []bytesOf{condition,
			apply("If", "y", []string{"c"}, inside("then_branch", nil, []string{"d"}, double), negative)}}
	}
	byFrame := func(limit float32, other bytesOf) graph { // its numbers are 3 together
		return graph{initializers: []bytesOf{weights("limit", nil, limit)}, nodes: []bytesOf{
			apply("ReduceSum", "sum", []string{"x"}, intAttr("keepdims", 0)), apply("Greater", "c", []string{"sum", "limit"}),
			apply("If", "y", []string{"c"}, inside("then_branch", nil, []string{"d"}, double), other)}}
	}
	always := apply("Identity", "goes", []string{"c"})
	// s = s + x, in each round; the state before it is put together.
	sum := func(inputs []string, outputs []string, extra ...bytesOf) bytesOf {
		body := inside("body", []string{"i", "c", "s"}, []string{"goes", "t", "part"},
			append([]bytesOf{always, apply("Add", "t", []string{"s", "x"}), apply("Identity", "part", []string{"s"})}, extra...)...)
		n := apply("Loop", outputs[0], inputs, body)
		for _, out := range outputs[1:] {
			n = n.str(2, out)
		}
		return n
	}
	three, one := ints("three", 3), ints("one", 1)
	wide := []bytesOf{info("y", 3, 1, 2)}
	nested := apply("Loop", "y", []string{"three", "", "x"}, inside("body", []string{"i", "c", "s"}, []string{"c", "t"},
		apply("If", "t", []string{"c"}, inside("then_branch", nil, []string{"u"}, apply("Add", "u", []string{"s", "x"})),
			inside("else_branch", nil, []string{"s"}))))
	stops := apply("Loop", "y", []string{"", "one", "x"}, inside("body", []string{"i", "c", "s"}, []string{"goes", "t"},
		apply("Add", "t", []string{"s", "x"}), apply("Less", "goes", []string{"i", "one"})))
	for name, test := range map[string]struct {
		g    graph
		want []float32
	}{
		"then":               {branches(apply("Constant", "c", nil, intAttr("value_int", 1))), []float32{2, 4}},
		"else":               {branches(apply("Constant", "c", nil, intAttr("value_int", 0))), []float32{-1, -2}},
		"the frame says yes": {byFrame(2.9, negative), []float32{2, 4}},
		"the frame says no":  {byFrame(3.1, negative), []float32{-1, -2}},
		"three rounds":       {graph{nodes: []bytesOf{sum([]string{"three", "", "x"}, []string{"y"})}, initializers: []bytesOf{three}}, []float32{4, 8}},
		"of each round":      {graph{nodes: []bytesOf{sum([]string{"three", "", "x"}, []string{"s3", "y"})}, initializers: []bytesOf{three}, out: wide}, []float32{1, 2, 2, 4, 3, 6}},
		"an If in it":        {graph{nodes: []bytesOf{nested}, initializers: []bytesOf{three}}, []float32{4, 8}},
		"until it says":      {graph{nodes: []bytesOf{stops}, initializers: []bytesOf{one}}, []float32{3, 6}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := run(t, test.g.file(), 1, 2); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
	for name, test := range map[string]struct {
		g    graph
		says string
	}{
		"the frame decides":           {graph{nodes: []bytesOf{apply("Loop", "y", []string{"x", "", "x"}, inside("body", []string{"i", "c", "s"}, []string{"c", "s"}))}}, "rounds depends on the frame"},
		"the frame decides the shape": {byFrame(3, inside("else_branch", nil, []string{"n"}, apply("Concat", "n", []string{"x", "x"}, intAttr("axis", 1)))), "between the shapes [1 2] and [1 4]"},
		"it knows no branch":          {byFrame(3, inside("else_branch", nil, []string{"n"}, apply("Warp", "n", []string{"x"}))), "Warp"},
		"it does not end":             {graph{nodes: []bytesOf{sum([]string{"", "", "x"}, []string{"y"})}}, "nodes"},
		"rounds of nothing": {graph{nodes: []bytesOf{apply("Loop", "y", []string{"many", "", "x"}, inside("body", []string{"i", "c", "s"}, []string{"c", "s"}))},
			initializers: []bytesOf{ints("many", 1<<40)}}, "nodes"},
		"no round": {graph{nodes: []bytesOf{sum([]string{"zero", "", "x"}, []string{"s", "y"})}, initializers: []bytesOf{ints("zero", 0)}, out: wide}, "empty"},
	} {
		_, err := open(t, test.g.file())
		if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v, want %v saying %q", name, err, ErrUnsupported, test.says)
		}
	}
}

// What the outputs do not depend on may be anything.
func TestNodesThatNobodyNeedsAreIgnored(t *testing.T) {
	g := graph{nodes: []bytesOf{
		apply("Warp", "a", []string{"x"}), apply("Relu", "b", []string{"c"}), apply("Relu", "c", []string{"b"}),
		apply("MatMul", "d", []string{"x", "w"}), apply("Relu", "y", []string{"x"}),
	}, initializers: []bytesOf{outByIn}}
	if got := run(t, g.file(), -1, 2); !slices.Equal(got, []float32{0, 2}) {
		t.Errorf("got %v", got)
	}
}

// Whoever mends one reason knows of the others.
func TestAllReasonsAreToldAtOnce(t *testing.T) {
	g := graph{
		in: []bytesOf{info("x", 1, 2), info("z", 1, -1), bytesOf{}.str(1, "text").msg(2, bytesOf{}.msg(1, bytesOf{}.int(1, 8).msg(2, nil)))},
		nodes: []bytesOf{
			apply("Warp", "a", []string{"x"}), apply("Relu", "b", []string{"a"}), apply("Cast", "c", []string{"x"}, intAttr("to", 8)),
			apply("Relu", "d", []string{"z"}), apply("Sum", "y", []string{"b", "c", "d", "text"}),
		},
	}
	_, err := open(t, g.file())
	if !errors.Is(err, ErrUnsupported) {
		t.Fatalf("got %v, want %v", err, ErrUnsupported)
	}
	for _, says := range []string{`Warp (in "/a")`, `Cast "/c"`, "open", `"N"`, `"text"`, "string"} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("%v does not say %s", err, says)
		}
	}
	for _, not := range []string{"Relu", "malformed", "again"} {
		if strings.Contains(err.Error(), not) {
			t.Errorf("%v says %s", err, not)
		}
	}
}

// Files of other formats are named, with what to do.
func TestForeignFilesAreNamed(t *testing.T) {
	for begins, says := range map[string]string{
		"version https://git-lfs.github.com/spec/v1\noid sha256:0": "git lfs pull",
		"<!DOCTYPE html>\n<html>":                                  "web page",
		"PK\x03\x04----":                                           "torch.onnx.export",
		"\x93NUMPY\x01\x00v\x00{'descr': '<f4'":                    "--input",
		"\x1c\x00\x00\x00TFL3":                                     "tf2onnx",
		"\x89HDF\r\n\x1a\n":                                        "Keras",
		"\x1f\x8b\x08":                                             "gunzip",
		"\x89PNG\r\n\x1a\n":                                        "picture",
		"hello, this is a network, or so it seems\n":               "text file",
		strings.Repeat("größer als 512 Bytes\t", 30):               "text file",
	} {
		_, err := open(t, []byte(begins))
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "again") {
			t.Errorf("%.20q: got %v, want an error saying %q", begins, err, says)
		}
	}
}
