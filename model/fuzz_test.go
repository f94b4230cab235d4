package model

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
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
	chain := func(suffix string) bytesOf { // of as many layers, with names of some length
		var b bytesOf
		name := "x"
		for i := range n {
			next := string([]byte{byte('0' + i&63), byte('0' + i>>6&63), byte('0' + i>>12&63)}) + suffix
			b = b.msg(1, bytesOf{}.str(1, name).str(2, next).str(4, "Relu"))
			name = next
		}
		return b.msg(11, value("x", 1, 2)).msg(12, value(name))
	}
	for about, graph := range map[string][]byte{
		"nodes":            many(1, nil),
		"initializers":     many(5, nil),
		"inputs":           many(11, nil),
		"values":           many(13, value("v")),
		"dimensions":       bytesOf{}.msg(11, bytesOf{}.msg(2, bytesOf{}.msg(1, bytesOf{}.msg(2, many(1, nil))))),
		"names":            bytesOf{}.msg(1, many(1, nil)),
		"attributes":       bytesOf{}.msg(1, many(5, nil)),
		"integers":         ints(many(8, []byte{1})),
		"packed integers":  ints(bytesOf{}.msg(8, bytes.Repeat([]byte{1}, n))),
		"tensor's numbers": bytesOf{}.msg(5, many(13, nil)),
		"chain":            chain(""),
		"long names":       chain(strings.Repeat("-", 100)),
	} {
		file := bytesOf{}.msg(7, graph).msg(8, bytesOf{}.int(2, 13))
		var err error
		got := allocated(func() { _, err = read("test", bytes.NewReader(file), int64(len(file))) })
		if got > allowance(len(file)) {
			t.Errorf("%d %s in %d bytes: allocated %d, want at most %d (%v)", n, about, len(file), got, allowance(len(file)), err)
		}
		t.Logf("%s: %d bytes, allocated %d: %.150v", about, len(file), got, err)
	}
}

func FuzzOpen(f *testing.F) {
	gemm := graph{nodes: []bytesOf{node("Gemm", "h", []string{"x", "w", "c"}), node("Softmax", "y", []string{"h"})}, initializers: []bytesOf{inByOut, bias}}
	f.Add(gemm.file())
	f.Add(graph{nodes: []bytesOf{node("Constant", "c", nil, tensorAttr("value", bias)), node("Flatten", "f", []string{"x"}),
		node("MatMul", "m", []string{"f", "w"}), node("Add", "a", []string{"m", "c"}), node("Relu", "r", []string{"a"}),
		node("Identity", "y", []string{"r"})}, initializers: []bytesOf{inByOut}}.file())
	f.Add(graph{nodes: []bytesOf{node("Conv", "y", []string{"x"})}}.file())
	if b, err := os.ReadFile(digits); err == nil {
		f.Add(b[:2000])
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		var n *Network
		var err error
		if got := allocated(func() { n, err = read("fuzz", bytes.NewReader(file), int64(len(file))) }); got > allowance(len(file)) {
			t.Errorf("%d bytes: allocated %d, want at most %d", len(file), got, allowance(len(file)))
		}
		if err != nil || volume(n.Shape(0)) > 1<<16 {
			return
		}
		e := NewExecutor(n, Options{})
		if err := e.Load(0, n.Len()); err != nil {
			return
		}
		if _, err := runOne(e, make([]float32, volume(n.Shape(0))), 0, n.Len()); err != nil {
			t.Errorf("run: %v", err)
		}
		n.Cut("1")
		n.Cut("nowhere")
		n.DefaultCut()
	})
}
