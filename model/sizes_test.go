package model

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"bytes"
)

func TestOpenSizesAreFixed(t *testing.T) {
	g := graph{nodes: []bytesOf{apply("Relu", "a", []string{"x"}), apply("Mul", "y", []string{"a", "z"})},
		in: []bytesOf{info("x", -1, 3, -1), info("z", 1, -1)}} // N stands for the batch and for a width
	file := g.file()
	with := func(texts ...string) (*Network, error) {
		var s Settings
		for _, text := range texts {
			shape, err := ParseShape(text)
			if err != nil {
				t.Fatal(err)
			}
			if shape.String() != text {
				t.Errorf("%q becomes %q", text, shape)
			}
			s.Shapes = append(s.Shapes, shape)
		}
		return read("test.onnx", bytes.NewReader(file), int64(len(file)), &siblings{}, s)
	}
	n, err := with("x=4x3x4")
	if err != nil {
		t.Fatal(err)
	}
	if shapes := n.Shapes(0); !slices.Equal(shapes[0], []int{4, 3, 4}) || !slices.Equal(shapes[1], []int{4}) {
		t.Errorf("shapes %v: the symbol stands in both inputs", shapes)
	}
	other, err := with("x=5x3x5")
	if err != nil || n.Digest() == other.Digest() {
		t.Errorf("networks of other sizes have one digest, %v", err)
	}
	for _, bad := range []struct {
		says  string
		texts []string
	}{
		{`input "x": the size "N" of Nx3xN is open`, nil},
		{"--shape x=1x3x224", nil},
		{`the inputs are ["x" "z"]`, []string{"1x3x5"}},
		{`the inputs are ["x" "z"]`, []string{"w=1x3x5"}},
		{"the input has 3 dimensions (Nx3xN)", []string{"x=1x3"}},
		{"the input has Nx3xN", []string{"x=5x4x5"}},
		{"the input has Nx3xN", []string{"x=1x3x5"}},
	} {
		if _, err := with(bad.texts...); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), bad.says) {
			t.Errorf("%q: %v, want an error that says %q", bad.texts, err, bad.says)
		}
	}
	for _, text := range []string{"", "x=", "x=0", "x=1x-1", "1y3", "x=1x2x3x4x5x6x7x8x9", "99999999999"} {
		if _, err := ParseShape(text); err == nil {
			t.Errorf("%q is a shape", text)
		}
	}
}

// What is computed from constants may take the memory that is allowed, and no
// more.
func TestConstantsHaveABudget(t *testing.T) {
	file := graph{nodes: []bytesOf{apply("ConstantOfShape", "c", []string{"size"}), apply("ReduceSum", "s", []string{"c"}), apply("Add", "y", []string{"x", "s"})},
		initializers: []bytesOf{ints("size", 1<<20)}, in: []bytesOf{info("x", 1, 2)}}.file()
	open := func(s Settings) error {
		_, err := read("test.onnx", bytes.NewReader(file), int64(len(file)), &siblings{}, s)
		return err
	}
	if err := open(Settings{}); err != nil {
		t.Error(err)
	}
	if err := open(Settings{Constants: 1 << 20}); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "--constants") {
		t.Errorf("got %v", err)
	}
}
