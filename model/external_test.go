package model

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// elsewhere is an initializer whose numbers are in another file.
func elsewhere(name, location, offset, length string, dims ...int64) bytesOf {
	var b bytesOf
	for _, d := range dims {
		b = b.int(1, d)
	}
	b = b.int(2, 1).str(8, name).int(14, 1)
	for _, pair := range [][2]string{{"location", location}, {"offset", offset}, {"length", length}} {
		if pair[1] != "" {
			b = b.msg(13, bytesOf{}.str(1, pair[0]).str(2, pair[1]))
		}
	}
	return b
}

// A network in two files, as PyTorch 2.9 and later write it: the weights one
// after another in net.onnx.data, at offsets that leave gaps.
func TestTwoFiles(t *testing.T) {
	folder := t.TempDir()
	data := slices.Concat(make([]byte, 64), raw(1, 3, 5, 2, 4, 6), make([]byte, 8), raw(10, 20, 30))
	write := func(name string, b []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := func(location, offset, length string) []byte {
		return graph{nodes: []bytesOf{apply("Gemm", "h", []string{"x", "w", "c"}), apply("Relu", "y", []string{"h"})}, initializers: []bytesOf{
			elsewhere("w", location, offset, length, 2, 3), elsewhere("c", "net.onnx.data", "96", "12", 3)}, opset: 18}.file()
	}
	write("net.onnx.data", data)
	net := filepath.Join(folder, "net.onnx")
	write("net.onnx", file("net.onnx.data", "64", "24"))
	n, err := Open(net)
	if err != nil {
		t.Fatal(err)
	}
	e := NewExecutor(n, Options{})
	if err := e.Load(0, n.Len()); err != nil {
		t.Fatal(err)
	}
	if y, err := runOne(e, []float32{1, 2}, 0, n.Len()); err != nil || !slices.Equal(y, []float32{15, 31, 47}) {
		t.Errorf("got %v, %v, want [15 31 47]", y, err)
	}
	digest := n.Digest()
	if err := n.Close(); err != nil {
		t.Error(err)
	}

	// Other weights are another network.
	write("net.onnx.data", slices.Concat(data[:70], []byte{1}, data[71:]))
	if n, err = Open(net); err != nil || n.Digest() == digest {
		t.Errorf("other weights have the same digest (%v)", err)
	}
	n.Close()

	outside := filepath.Join(filepath.Dir(folder), "outside.data")
	if err := os.WriteFile(outside, data, 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(outside)
	if err := os.Symlink(outside, filepath.Join(folder, "link.data")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "folder.data"), 0o700); err != nil {
		t.Fatal(err)
	}
	for about, test := range map[string]struct{ location, offset, length, says string }{
		"missing":           {"gone.data", "64", "24", "put it beside"},
		"outside":           {"../outside.data", "64", "24", "escapes"},
		"absolute":          {outside, "64", "24", "escapes"},
		"a link":            {"link.data", "64", "24", "escapes"},
		"a folder":          {"folder.data", "64", "24", "regular file"},
		"no name":           {"", "64", "24", "put it beside"},
		"itself":            {"net.onnx", "1000000", "24", "which has"},
		"beyond":            {"net.onnx.data", "100", "24", "which has 108"},
		"far beyond":        {"net.onnx.data", "9223372036854775807", "24", "offset"},
		"wrong length":      {"net.onnx.data", "64", "20", "want 24"},
		"negative":          {"net.onnx.data", "-1", "24", "offset"},
		"no length, beyond": {"net.onnx.data", "88", "", "which has 108"},
	} {
		write("net.onnx", file(test.location, test.offset, test.length))
		n, err := Open(net)
		if err == nil {
			n.Close()
			t.Errorf("%s: accepted", about)
		} else if !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v; want an error saying %q", about, err, test.says)
		}
	}
}

// A small file can't make much of a large one: tensors that share its bytes.
func TestSharedBytesAreBounded(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "w"), make([]byte, 4*512*512), 0o600); err != nil {
		t.Fatal(err)
	}
	var g graph
	g.in = []bytesOf{info("x", 1, 512)}
	last := "x"
	for i := range 80 {
		w, y := fmt.Sprint("w", i), fmt.Sprint("y", i)
		g.initializers = append(g.initializers, elsewhere(w, "w", "0", "", 512, 512))
		g.nodes = append(g.nodes, apply("MatMul", y, []string{last, w}))
		last = y
	}
	g.out = []bytesOf{info(last)}
	net := filepath.Join(folder, "net.onnx")
	if err := os.WriteFile(net, g.file(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(net); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "four times") {
		t.Errorf("got %v", err)
	}
}

// Every range of layers, in one executor that has them all, gives the same as
// its layers one by one; so plans share memory without harm. And a frame costs no
// allocation.
func TestEveryRange(t *testing.T) {
	k := make([]float32, 2*2*3*3)
	for i := range k {
		k[i] = float32(i%7)/7 - 0.4
	}
	pads := intsAttr("pads", 1, 1, 1, 1)
	branches := graph{nodes: []bytesOf{apply("Conv", "a", []string{"x", "k"}, pads), apply("Relu", "b", []string{"a"}), apply("Conv", "c1", []string{"b", "k"}, pads),
		apply("Relu", "d", []string{"c1"}), apply("Add", "e", []string{"d", "b"}), apply("Relu", "f", []string{"e"}), apply("Sigmoid", "g", []string{"f"}), apply("Tanh", "h", []string{"f"}),
		apply("Concat", "i", []string{"g", "h"}, intAttr("axis", 1)), apply("MaxPool", "j", []string{"i"}, intsAttr("kernel_shape", 2, 2), intsAttr("strides", 2, 2)),
		apply("Flatten", "l", []string{"j"}), apply("Relu", "m", []string{"l"}), apply("Flatten", "y", []string{"m"})},
		initializers: []bytesOf{weights("k", []int64{2, 2, 3, 3}, k...)}, in: []bytesOf{info("x", 1, 2, 6, 6)}}.file()
	n, err := open(t, branches)
	if err != nil {
		t.Fatal(err)
	}
	if n.Len() != 13 {
		t.Errorf("%d layers, want 13", n.Len())
	}
	if cut, err := n.Cut("d"); err != nil || !slices.Equal(n.Tensors(cut), []string{"b", "d"}) {
		t.Errorf("cut inside a branch: %d, %v, with %q", cut, err, n.Tensors(cut))
	}
	e, one := NewExecutor(n, Options{Batch: 2}), NewExecutor(n, Options{})
	if err := errors.Join(e.Load(0, n.Len()), one.Load(0, n.Len())); err != nil {
		t.Fatal(err)
	}
	x := make([]float32, 2*6*6)
	for i := range x {
		x[i] = float32(i%5) - 2
	}
	at := [][]float32{x}
	for i := range n.Len() {
		y, err := runOne(one, at[i], i, i+1)
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, slices.Clone(y))
	}
	for range 2 {
		for from := range n.Len() {
			for to := from + 1; to <= n.Len(); to++ {
				ys, err := e.Run([][]float32{at[from], at[from]}, from, to)
				if err != nil {
					t.Fatal(err)
				}
				for _, y := range ys {
					agree(t, "range", y, at[to], 1e-4)
				}
				if to < n.Len() { // a result is the next input
					if ys, err = e.Run(ys, to, n.Len()); err != nil {
						t.Fatal(err)
					}
					agree(t, "rest", ys[1], at[n.Len()], 1e-4)
				}
			}
		}
	}
	xs := [][]float32{x}
	if a := testing.AllocsPerRun(10, func() {
		if _, err := e.Run(xs, 0, n.Len()); err != nil {
			t.Fatal(err)
		}
	}); a != 0 {
		t.Errorf("%v allocations a frame, want 0", a)
	}
}

// The constants of a slice are the only ones that loading it reads.
func TestSliceReadsItsOwnWeights(t *testing.T) {
	b, err := os.ReadFile("testdata/digits_cnn.onnx")
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{ReaderAt: bytes.NewReader(b)}
	n, err := read("cnn", c, int64(len(b)), &siblings{}, Settings{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n.Len() {
		e, before := NewExecutor(n, Options{}), c.n.Load()
		if err := e.Load(i, i+1); err != nil {
			t.Fatal(err)
		}
		if got, want := c.n.Load()-before, n.Bytes(i, i+1); got != want {
			t.Errorf("layer %d (%s) read %d bytes, want %d", i, n.Describe(i), got, want)
		}
		e.Close()
	}
}
