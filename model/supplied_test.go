package model

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var errAbsent = errors.New("this chunk is not here")

// someOf has some chunks of a network's files only.
type someOf struct {
	of    *Network
	there map[int]bool
}

func (s someOf) ReadAt(b []byte, at int64) (int, error) {
	for i := range chunksIn(at, min(at+int64(len(b)), s.of.content.size)) {
		if !s.there[i] {
			return 0, errAbsent
		}
	}
	return s.of.content.ReadAt(b, at)
}

// With the chunks of its slice alone a node has the network of the same digest, and computes the same.
func TestSuppliedSlice(t *testing.T) {
	var paths []string
	for _, folder := range []string{"testdata", "../../shared/models", "../../shared/models/small", "../../shared/cases/onnx"} {
		found, _ := filepath.Glob(filepath.Join(folder, "*.onnx"))
		paths = append(paths, found...)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".onnx"), func(t *testing.T) {
			t.Parallel()
			n, err := Open(path)
			if err != nil {
				t.Skip(err) // its shape is open, or it is unsupported on purpose
			}
			defer n.Close()
			m, ok := n.Manifest()
			if !ok || m.Size() > 1<<20 && testing.Short() {
				t.Skip("it is large")
			}
			whole := NewExecutor(n, Options{Threads: 1})
			defer whole.Close()
			for _, cut := range slices.Compact([]int{0, n.Len() / 3, n.Len() - 1}) {
				compareSlices(t, n, whole, cut, n.Len())
			}
			compareSlices(t, n, whole, 0, n.Len()/2)
		})
	}
}

func compareSlices(t *testing.T, n *Network, whole *Executor, from, to int) {
	t.Helper()
	there := map[int]bool{}
	for _, i := range slices.Concat(n.Opening(), n.Weights(from, to)) {
		there[i] = true
	}
	m, _ := n.Manifest()
	part, err := OpenSupplied(n.Name(), m, someOf{n, there}, Settings{})
	if err != nil {
		t.Fatalf("layers %d to %d: %v", from, to, err)
	}
	if part.Digest() != n.Digest() || part.Len() != n.Len() || !slices.Equal(part.Weights(from, to), n.Weights(from, to)) {
		t.Fatalf("layers %d to %d: it is another network", from, to)
	}
	e := NewExecutor(part, Options{Threads: 1})
	defer e.Close()
	if err := errors.Join(e.Load(from, to), whole.Load(from, to)); err != nil {
		t.Fatalf("layers %d to %d: %v", from, to, err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	var xs [][]float32
	for _, in := range n.Entering(from) {
		x := make([]float32, volumeOf(in.Shape))
		for i := range x {
			if in.Type == "float32" {
				x[i] = random.Float32()
			}
		}
		xs = append(xs, x)
	}
	one, errOne := e.Run(xs, from, to)
	other, errOther := whole.Run(xs, from, to)
	if errOne != nil || errOther != nil {
		if errOne == nil || errOther == nil || errOne.Error() != errOther.Error() { // random numbers may be no indices
			t.Fatalf("layers %d to %d: %v, and of the whole %v", from, to, errOne, errOther)
		}
		return
	}
	for i := range other {
		if !slices.EqualFunc(one[i], other[i], func(a, b float32) bool { return a == b || a != a && b != b }) {
			t.Errorf("layers %d to %d: output %d differs", from, to, i)
		}
	}
	if from > 0 {
		t.Logf("layers %d to %d: %d of %d chunks, %d of them to open it; its weights are %d KiB, all files %d KiB",
			from, to, len(there), m.Len(), len(n.Opening()), part.Bytes(from, to)>>10, m.Size()>>10)
	}
}

func volumeOf(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// What is missing is said so, and comes from where the files are.
func TestSuppliedTooLittle(t *testing.T) {
	n := openDigits(t)
	m, _ := n.Manifest()
	if _, err := OpenSupplied("x", m, someOf{n, nil}, Settings{}); !errors.Is(err, errAbsent) {
		t.Errorf("without chunks: %v", err)
	}
	there := map[int]bool{}
	for _, i := range n.Opening() {
		there[i] = true
	}
	part, err := OpenSupplied("x", m, someOf{n, there}, Settings{})
	if err != nil {
		t.Fatal(err)
	}
	e := NewExecutor(part, Options{})
	defer e.Close()
	if err := e.Load(0, part.Len()); !errors.Is(err, errAbsent) {
		t.Errorf("without weights: %v", err)
	}
	if _, err := n.Chunk(m.Len()); !errors.Is(err, ErrRange) {
		t.Errorf("behind the last chunk: %v", err)
	}
	if b, err := n.Chunk(m.Len() - 1); err != nil || len(b) != int(m.Size()%ChunkBytes) {
		t.Errorf("the last chunk has %d bytes, %v", len(b), err)
	}
}

// Weights in other files, and sizes that the file leaves open, are part of the manifest.
func TestManifestOfSeveralFiles(t *testing.T) {
	folder := t.TempDir()
	file := graph{nodes: []bytesOf{apply("Gemm", "h", []string{"x", "w", "c"}), apply("Relu", "y", []string{"h"})}, initializers: []bytesOf{
		elsewhere("w", "b.data", "8", "24", 2, 3), elsewhere("c", "a.data", "4", "12", 3)}, opset: 18}.file()
	for name, b := range map[string][]byte{"net.onnx": file, "a.data": slices.Concat(make([]byte, 4), raw(10, 20, 30)), "b.data": slices.Concat(make([]byte, 8), raw(1, 3, 5, 2, 4, 6))} {
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := Settings{Shapes: []Shape{{"x", []int{1, 2}}}}
	n, err := OpenWith(filepath.Join(folder, "net.onnx"), s)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	m, _ := n.Manifest()
	if len(m.Files) != 3 || m.Files[1] != (PartFile{"a.data", 16}) || m.Files[2] != (PartFile{"b.data", 32}) || !slices.Equal(m.Shapes, []string{"x=1x2"}) {
		t.Errorf("%+v", m)
	}
	there := map[int]bool{0: true}
	part, err := OpenSupplied("net.onnx", m, someOf{n, there}, Settings{})
	if err != nil {
		t.Fatal(err)
	}
	e := NewExecutor(part, Options{})
	defer e.Close()
	if err := e.Load(0, part.Len()); err != nil {
		t.Fatal(err)
	}
	if y, err := runOne(e, []float32{1, 2}, 0, part.Len()); err != nil || !slices.Equal(y, []float32{15, 31, 47}) {
		t.Errorf("got %v, %v", y, err)
	}
	m.Files[1].Location = "other.data"
	if _, err := OpenSupplied("net.onnx", m, someOf{n, there}, Settings{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a manifest that names other files: %v", err)
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(`{"files":[{"size":3}],"chunks":"` + strings.Repeat("A", 43) + `="}`))
	f.Add([]byte(`{"shapes":["1x2"],"files":[{"size":0},{"location":"a","size":0}],"chunks":""}`))
	f.Add([]byte(`{"files":[{"size":9007199254740993}],"chunks":"AA=="}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := ParseManifest(text)
		if err != nil {
			return
		}
		if !bytes.Equal(m.Bytes(), text) {
			t.Errorf("%q became %q", text, m.Bytes())
		}
		for i := range m.Len() {
			if n := m.Length(i); n < 1 || n > ChunkBytes {
				t.Errorf("chunk %d of %q has %d bytes", i, text, n)
			}
			_ = m.Chunk(i)
		}
		if n, err := OpenSupplied("fuzz", m, bytes.NewReader(nil), Settings{Constants: 1 << 20}); err == nil {
			n.Close()
		}
	})
}
