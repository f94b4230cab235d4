package op

import (
	"errors"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"
)

func isError(err, is error) bool { return errors.Is(err, is) }

// The standard engine of gorgonia.org/tensor is the oracle for the operators
// that it has: portable Go, and nothing of ours in it.

// oracle compares a node with what the library says, on random tensors.
func oracle(t *testing.T, name string, a attr, inputs []any, y tensor.Tensor, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	want, ok := y.(*tensor.Dense)
	if !ok {
		t.Fatalf("the oracle gives %T", y)
	}
	if want.IsMaterializable() {
		want = want.Materialize().(*tensor.Dense)
	}
	got := compute(t, name, a, inputs...)
	if !got.Shape().Eq(want.Shape()) && got.Size() != 1 {
		t.Errorf("%s: shape %v, want %v", name, got.Shape(), want.Shape())
	}
	alike(t, name, got, elementsOf(want), 1e-5)
}

// elementsOf is the elements, also of what the library made a scalar.
func elementsOf(t *tensor.Dense) []float32 {
	if v, ok := t.Data().(float32); ok {
		return []float32{v}
	}
	return t.Float32s()
}

// drawn is a random shape whose first dimension is 1.
func drawn(r *rand.Rand, rank int) []int {
	shape := []int{1}
	for len(shape) < rank {
		shape = append(shape, 1+r.IntN(7))
	}
	return shape
}

func forSeeds(t *testing.T, f func(t *testing.T, r *rand.Rand)) {
	for seed := range uint64(40) {
		f(t, rand.New(rand.NewPCG(seed, 18)))
	}
}
