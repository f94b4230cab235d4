package op

import (
	"fmt"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// finishes checks that a kernel, which gives y without it, finishes its results:
// alone, on two threads, and those of several frames.
func finishes(t testing.TB, o Finishing, k Kernel, y *tensor.Dense, xs []*tensor.Dense, with With, scratch func(threads int) []float32) {
	t.Helper()
	with.Then = f32.Epilogue{Function: f32.Tanh}
	if o.Finishes() {
		with.Then.Pair, with.Then.Other, with.Then.Clamp = f32.Add, slices.Clone(y.Float32s()), f32.Clamp{Min: -1, Max: 1}
	}
	want := slices.Clone(y.Float32s())
	with.Then.Rows(want, 0, 1, len(want), len(want))
	check := func(how string, with With) {
		t.Helper()
		z := dense(y.Shape())
		if err := k.Apply(z, xs, with); err != nil {
			t.Fatalf("%v, %s: %v", o, how, err)
		}
		alike(t, fmt.Sprint(o, ", ", how), z, want, 1e-6)
		if a := testing.AllocsPerRun(3, func() { k.Apply(z, xs, with) }); a != 0 {
			t.Errorf("%v, %s: %v allocations, want none", o, how, a)
		}
	}
	check("finished", with)
	if j, ok := k.(Joint); ok {
		ys := []*tensor.Dense{dense(y.Shape()), dense(y.Shape()), dense(y.Shape())}
		if err := j.ApplyAll(ys, []*tensor.Dense{xs[0], xs[0], xs[0]}, with); err != nil {
			t.Fatal(err)
		}
		for _, z := range ys {
			alike(t, fmt.Sprint(o, ", several frames finished"), z, want, 1e-4)
		}
	}
	if _, ok := k.(Shared); ok {
		with.Team, with.Scratch = threads(t, 2), scratch(2)
		check("finished on two threads", with)
	}
}
