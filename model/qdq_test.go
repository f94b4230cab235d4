package model

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A quantised network of shared/models: no class is another than PyTorch's, where
// a rounding may fall the other way a logit is off by little, and its weights
// take a byte each.
func TestQuantisedDigitsAgreeWithPyTorch(t *testing.T) {
	var path string
	for _, folder := range append(filepath.SplitList(os.Getenv("TANDEM_MODELS")), "../../shared/models") {
		if _, err := os.Stat(filepath.Join(folder, "digits_qdq.onnx")); err == nil {
			path = filepath.Join(folder, "digits_qdq")
		}
	}
	if path == "" {
		t.Skip("digits_qdq.onnx is in no folder of TANDEM_MODELS")
	}
	n, err := Open(path + ".onnx")
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	images, logits := npy(t, "testdata/digits_images.npy"), npy(t, path+"_logits.npy")
	within := 0.02 * largest(logits)
	for cut := 1; cut <= n.Len(); cut++ {
		head, tail := NewExecutor(n, Options{}), NewExecutor(n, Options{})
		if err := head.Load(0, cut); err != nil {
			t.Fatal(err)
		}
		if err := tail.Load(cut, n.Len()); err != nil {
			t.Fatal(err)
		}
		step := 36 // images, but for the whole network
		if cut == n.Len() {
			step = 1
		}
		for f := 0; f < 360; f += step {
			y, err := runOne(head, images[f*64:][:64], 0, cut)
			if err == nil && cut < n.Len() {
				y, err = runOne(tail, y, cut, n.Len())
			}
			if err != nil {
				t.Fatal(err)
			}
			want := logits[f*10:][:10]
			agree(t, "range", y, want, within)
			if slices.Index(y, slices.Max(y)) != slices.Index(want, slices.Max(want)) {
				t.Errorf("cut %d, image %d is of another class", cut, f)
			}
		}
		head.Close()
		tail.Close()
	}
	if weights := int64(144 + 16*32*9 + 128*64 + 640); n.Bytes(0, n.Len()) > 2*weights {
		t.Errorf("its %d weights take %d bytes", weights, n.Bytes(0, n.Len()))
	}
}
