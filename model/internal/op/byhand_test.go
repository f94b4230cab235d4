package op

import (
	"testing"

	"gorgonia.org/tensor"

	"tandem/model/internal/f32"
)

// byHand is a node on numbers that can be computed by hand.
type byHand struct {
	op     string
	with   attr
	inputs []any
	want   []float32
}

func in(inputs ...any) []any { return inputs }

func checkByHand(t *testing.T, tests map[string]byHand) {
	t.Helper()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			alike(t, test.op, compute(t, test.op, test.with, test.inputs...), test.want, 1e-5)
		})
	}
}

// refused says whether each node is refused as it should be.
func checkRefused(t *testing.T, is error, tests map[string]*Node) {
	t.Helper()
	for name, n := range tests {
		t.Run(name, func(t *testing.T) {
			if err := read(n); !isError(err, is) {
				t.Errorf("got %v, want %v", err, is)
			} else {
				t.Log(err)
			}
		})
	}
}

// checkFails says that a kernel refuses an index that there is not.
func checkFails(t *testing.T, name string, a attr, inputs ...any) {
	t.Helper()
	n := node(name, a, inputs...)
	if err := read(n); err != nil {
		t.Fatal(err)
	}
	r := n.Results[0]
	k, err := r.Operation.Load()
	if err != nil {
		t.Fatal(err)
	}
	var xs []*tensor.Dense
	for _, i := range r.From {
		xs = append(xs, inputs[i].(*tensor.Dense))
	}
	if err := k.Apply(dense(r.Shape), xs, With{Clamp: f32.Linear}); !isError(err, ErrIndex) {
		t.Errorf("%s: got %v, want %v", name, err, ErrIndex)
	}
}
