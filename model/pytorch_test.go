package model

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// models lists the networks that come with an input and PyTorch's output, by
// path without .onnx, or skips the test.
func models(t testing.TB) []string {
	t.Helper()
	var found []string
	for _, folder := range append(filepath.SplitList(os.Getenv("TANDEM_MODELS")), "../../shared/models") {
		inputs, _ := filepath.Glob(filepath.Join(folder, "*_in.npy"))
		for _, in := range inputs {
			found = append(found, strings.TrimSuffix(in, "_in.npy"))
		}
	}
	if len(found) == 0 {
		t.Skip("no large networks: .ci/torchvision makes some; TANDEM_MODELS is the folder of NAME.onnx, NAME_in.npy and NAME_out.npy")
	}
	return found
}

// agree compares y with PyTorch's outputs.
func agree(t *testing.T, about string, y, want []float32, within float64) {
	t.Helper()
	if len(y) != len(want) {
		t.Fatalf("%s: %d outputs, want %d", about, len(y), len(want))
	}
	worst := 0.0
	for i := range y {
		d := math.Abs(float64(y[i]) - float64(want[i]))
		if !(d <= within) {
			t.Fatalf("%s: output %d is %v, want %v within %g", about, i, y[i], want[i], within)
		}
		worst = max(worst, d)
	}
	if testing.Verbose() && about != "range" && about != "rest" {
		t.Logf("%s: off by %.2g at most, %.2g is allowed", about, worst, within)
	}
}

func largest(s []float32) float64 {
	return float64(max(slices.Max(s), -slices.Min(s)))
}

func TestDigitsCNNAgreesWithPyTorch(t *testing.T) {
	n, err := Open("testdata/digits_cnn.onnx")
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	images, want := npy(t, "testdata/digits_images.npy"), npy(t, "testdata/digits_cnn_probabilities.npy")
	e := NewExecutor(n, Options{Threads: 2, Batch: 8})
	defer e.Close()
	if err := e.Load(0, n.Len()); err != nil {
		t.Fatal(err)
	}
	var all []float32
	for f := 0; f < 360; f += 8 {
		var xs [][]float32
		for k := range 8 {
			xs = append(xs, images[(f+k)*64:][:64])
		}
		ys, err := e.Run(xs, 0, n.Len())
		if err != nil {
			t.Fatal(err)
		}
		for _, y := range ys {
			all = append(all, y...)
		}
	}
	agree(t, "all digits, eight at a time", all, want, 1e-4)
}
