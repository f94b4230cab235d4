package model

import (
	"slices"
	"testing"
)

// Whoever reads an output is told whether its numbers are probabilities, wherever softmax or sigmoid made them.
func TestOutputsThatAreProbabilities(t *testing.T) {
	of := func(nodes ...bytesOf) *Network {
		t.Helper()
		n, err := open(t, graph{nodes: nodes, initializers: []bytesOf{inByOut, ints("flat", 3, 1), ints("back", 1, 3)}}.file())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	dense := apply("MatMul", "m", []string{"x", "w"})
	for name, test := range map[string]struct {
		net  *Network
		want bool
	}{
		"dense":      {of(apply("MatMul", "y", []string{"x", "w"})), false},
		"softmax":    {of(dense, apply("Softmax", "y", []string{"m"})), true},
		"logarithms": {of(dense, apply("LogSoftmax", "y", []string{"m"})), false},
		"sigmoid":    {of(dense, apply("Sigmoid", "y", []string{"m"})), true},
		"moved": {of(dense, apply("Softmax", "s", []string{"m"}), apply("Reshape", "r", []string{"s", "flat"}),
			apply("Reshape", "b", []string{"r", "back"}), apply("Identity", "y", []string{"b"})), true},
		"behind it":  {of(dense, apply("Softmax", "s", []string{"m"}), apply("Add", "y", []string{"s", "m"})), false},
		"a SiLU":     {of(dense, apply("Sigmoid", "s", []string{"m"}), apply("Mul", "y", []string{"m", "s"})), false},
		"digits_mlp": {openDigits(t), false},
	} {
		outputs := test.net.Entering(test.net.Len())
		if got := slices.ContainsFunc(outputs, func(o Tensor) bool { return o.Probability }); got != test.want {
			t.Errorf("%s: probabilities %t, want %t: %v", name, got, test.want, outputs)
		}
	}
}
