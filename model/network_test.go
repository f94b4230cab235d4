package model

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem/model/internal/f32"
)

func TestCut(t *testing.T) {
	matMulAdd, err := open(t, graph{nodes: []bytesOf{apply("Relu", "r", []string{"x"}), apply("Identity", "i", []string{"r"}),
		apply("MatMul", "m", []string{"i", "w"}), apply("Add", "a", []string{"m", "c"}), apply("Softmax", "y", []string{"a"})},
		initializers: []bytesOf{inByOut, bias}}.file())
	if err != nil {
		t.Fatal(err)
	}
	one := chain([]int{1}, link{operation(t, "Relu", 1), []int{1}})
	tests := []struct {
		n    *Network
		cut  string
		want int // 0 is refused
		says string
	}{
		{openDigits(t), "1", 1, ""},
		{openDigits(t), "/1/Relu_output_0", 2, ""},
		{openDigits(t), "0", 0, "1 to 4"},
		{openDigits(t), "5", 0, "1 to 4"},
		{openDigits(t), "-1", 0, "1 to 4"},
		{openDigits(t), "input", 0, `an input; the nearest is 1 ("/0/Gemm_output_0")`},
		{openDigits(t), "logits", 0, `an output; the nearest is 4 ("/3/Relu_output_0")`},
		{openDigits(t), "2.weight", 0, `inside layer 2 (it is a weight); the nearest is 2 ("/1/Relu_output_0")`},
		{openDigits(t), "nowhere", 0, "no such tensor; it can be cut at 1 to 4, or at a tensor that tandem inspect --all lists"},
		{openDigits(t), "", 0, "no such tensor"},
		{matMulAdd, "r", 1, ""},
		{matMulAdd, "i", 1, ""},
		{matMulAdd, "a", 2, ""},
		{matMulAdd, "m", 0, `inside layer 1 (the Add behind it is done with it); the nearest is 1 ("r")`},
		{Default(1), "hidden", 1, ""},
		{one, "1", 0, "one layer only"},
	}
	for _, test := range tests {
		got, err := test.n.Cut(test.cut)
		if test.want > 0 && (err != nil || got != test.want) {
			t.Errorf("%s at %q: got %d, %v, want %d", test.n.Name(), test.cut, got, err, test.want)
		}
		if test.want == 0 && (!errors.Is(err, ErrCut) || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%s at %q: got %d, %v, want an error saying %q", test.n.Name(), test.cut, got, err, test.says)
		}
	}
	for _, test := range []struct {
		n    *Network
		want int
	}{{Default(1), 1}, {openDigits(t), 2}, {matMulAdd, 1}, {one, 0}} {
		if got := test.n.DefaultCut(1); got != test.want {
			t.Errorf("%s: default cut %d, want %d", test.n.Name(), got, test.want)
		}
	}
}

// Golden numbers: every architecture makes these weights.
func TestDefaultWeights(t *testing.T) {
	n := Default(42)
	for i, want := range [][]float32{
		{-0.049347665, -0.04935002, -0.013608683, 0.1665749},
		{0.014025186, -0.017215338, -0.0330539, 0.003064186},
	} {
		w, b := f32.New(2000, n.Size(i)), make([]float32, 2000)
		if err := (seeded{42, uint64(i)}).Read(w, b); err != nil {
			t.Fatal(err)
		}
		data, width := w.Data(), w.Width()
		got := []float32{data[0], data[width], data[2*width], b[1999]} // of row 0, and the last bias
		if !slices.Equal(got, want) {
			t.Errorf("layer %d: got %#v, want %#v", i, got, want)
		}
	}
	if want := "sha256:b4036e70222269ad66a31638bec2ddf85824a19b3c6d97e4ad331a1967012aa2"; n.Digest() != want {
		t.Errorf("digest %s, want %s", n.Digest(), want)
	}
	if Default(43).Digest() == n.Digest() {
		t.Error("seeds 42 and 43 have the same digest")
	}
}

func TestDefaultSliceEqualsWhole(t *testing.T) {
	n := Default(3)
	whole, slice := NewExecutor(n, Options{}), NewExecutor(Default(3), Options{})
	if err := errors.Join(whole.Load(0, 2), slice.Load(1, 2)); err != nil {
		t.Fatal(err)
	}
	x := make([]float32, 2000)
	uniform(x, 1, rand.NewPCG(9, 9))
	a, err := runOne(whole, x, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	b, err := runOne(slice, x, 1, 2)
	if err != nil || !slices.Equal(a, b) {
		t.Errorf("layer 1 loaded alone has other weights (%v)", err)
	}
	first, second := make([]float32, 9), make([]float32, 9)
	for i, bias := range [][]float32{first, second} {
		if err := (seeded{3, uint64(i)}).Read(f32.New(9, 0), bias); err != nil {
			t.Fatal(err)
		}
	}
	if slices.Equal(first, second) {
		t.Error("layers 0 and 1 have the same stream")
	}
}

// Activations keep the size of the input, 0.58 for uniform ±1, and each bias
// adds a little.
func TestDefaultOutputsAreModerate(t *testing.T) {
	n := Default(5)
	e := NewExecutor(n, Options{})
	if err := e.Load(0, 2); err != nil {
		t.Fatal(err)
	}
	x := make([]float32, 100)
	uniform(x, 1, rand.NewPCG(9, 9))
	y, err := runOne(e, x, 0, 2)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, v := range y {
		sum += float64(v) * float64(v)
	}
	if rms := math.Sqrt(sum / float64(len(y))); !(rms > 0.3 && rms < 3) {
		t.Errorf("the outputs' root mean square is %v, want about 0.8", rms)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	empty, text := filepath.Join(dir, "empty.onnx"), filepath.Join(dir, "text.onnx")
	for path, content := range map[string]string{empty: "", text: "not a network\n"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, says := range map[string]string{
		empty:                              "copy or export it again",
		text:                               "it is a text file",
		dir:                                "not a regular file",
		filepath.Join(dir, "nowhere.onnx"): "nowhere.onnx",
		"testdata/digits_mlp_logits.npy":   "NumPy array",
	} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want an error saying %q", filepath.Base(path), err, says)
		}
	}
}
