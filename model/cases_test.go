package model

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Small files come with onnxruntime's outputs: TANDEM_CASES lists folders of
// NAME.onnx, NAME.in.npy and NAME.out.npy.
func TestSmallFilesAgreeWithOnnxruntime(t *testing.T) {
	var paths []string
	for _, folder := range append(filepath.SplitList(os.Getenv("TANDEM_CASES")), "../../shared/cases/onnx") {
		found, _ := filepath.Glob(filepath.Join(folder, "*.out.npy"))
		paths = append(paths, found...)
	}
	if len(paths) == 0 {
		t.Skip("no folder with small files is here")
	}
	for _, path := range paths {
		path = strings.TrimSuffix(path, ".out.npy")
		t.Run(filepath.Base(path), func(t *testing.T) {
			n, err := Open(path + ".onnx")
			if strings.Contains(path, "dropout_training") { // its numbers are random
				if !errors.Is(err, ErrUnsupported) {
					t.Fatalf("got %v, want %v", err, ErrUnsupported)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer n.Close()
			want := npy(t, path+".out.npy")
			cutEverywhere(t, n, npy(t, path+".in.npy"), want, 1e-4*largest(want))
		})
	}
}
