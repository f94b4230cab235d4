package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// convolutions draws a network of convolutions, functions, sums and clamps, all of
// one shape: in what order, and who uses what, is left to chance.
func convolutions(r *rand.Rand) graph {
	g := graph{in: []bytesOf{info("x", 1, 4, 5, 3)}, out: []bytesOf{info("y", 1, 4, 5, 3)}}
	made := []string{"x"}
	last := 4 + r.IntN(8)
	for i := range last {
		name := fmt.Sprint("v", i)
		if i == last-1 {
			name = "y"
		}
		v, w := made[len(made)-1], made[r.IntN(len(made))]
		if r.IntN(4) == 0 {
			v = w
		}
		switch r.IntN(9) {
		case 0, 1, 2:
			in, kernel := int64(4), int64(1+2*r.IntN(2))
			attributes := []bytesOf{intsAttr("pads", kernel/2, kernel/2, kernel/2, kernel/2)}
			if r.IntN(3) == 0 {
				in, attributes = 1, append(attributes, intAttr("group", 4))
			}
			numbers := make([]float32, 4*in*kernel*kernel)
			for k := range numbers {
				numbers[k] = 2*r.Float32() - 1
			}
			g.initializers = append(g.initializers, weights("w"+name, []int64{4, in, kernel, kernel}, numbers...))
			g.nodes = append(g.nodes, apply("Conv", name, []string{v, "w" + name}, attributes...))
		case 3, 4, 5:
			g.nodes = append(g.nodes, apply("Add", name, []string{v, w}))
		case 6:
			g.nodes = append(g.nodes, apply("Relu", name, []string{v}))
		case 7:
			g.nodes = append(g.nodes, apply("LeakyRelu", name, []string{v}))
		case 8:
			g.nodes = append(g.nodes, apply("Sigmoid", name, []string{v}))
		}
		made = append(made, name)
	}
	return g
}

// What a convolution does for those behind it changes nothing: the whole network
// and each cut of it give what the layers give one by one, also on two threads and
// for several frames.
func TestFinishedByTheConvolution(t *testing.T) {
	finished := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		n, err := open(t, convolutions(r).file())
		if err != nil {
			t.Fatal(err)
		}
		e := NewExecutor(n, Options{Threads: 1 + int(seed%2), Batch: 2})
		defer e.Close()
		if err := e.Load(0, n.Len()); err != nil {
			t.Fatal(err)
		}
		for l := range e.sharing { // small as they are
			e.sharing[l] = sharing{always, always}
		}
		for _, s := range newDraft(n, 0, n.Len()).steps {
			if !s.then.None() || s.another {
				finished++
			}
		}
		x := [][]float32{make([]float32, n.Size(0)), make([]float32, n.Size(0))}
		for f := range x {
			for i := range x[f] {
				x[f][i] = 2*r.Float32() - 1
			}
		}
		through := func(x [][]float32, cuts ...int) [][]float32 {
			own := [][]float32{append([]float32(nil), x[0]...), append([]float32(nil), x[1]...)}
			from := 0
			for _, to := range append(cuts, n.Len()) {
				y, err := e.Run(own, from, to)
				if err != nil {
					t.Fatal(err)
				}
				for f := range own {
					own[f] = append([]float32(nil), y[f]...)
				}
				from = to
			}
			return own
		}
		var each []int
		for cut := 1; cut < n.Len(); cut++ {
			each = append(each, cut)
		}
		want := through(x, each...)
		check := func(how string, got [][]float32) {
			for f := range got {
				for i, v := range got[f] {
					if w := want[f][i]; !(math.Abs(float64(v-w)) <= 1e-5*max(1, math.Abs(float64(w)))) {
						t.Fatalf("seed %d, %s: element %d of frame %d is %v, want %v", seed, how, i, f, v, w)
					}
				}
			}
		}
		check("whole", through(x))
		for _, cut := range each {
			check(fmt.Sprint("cut at ", cut), through(x, cut))
		}
		if a := testing.AllocsPerRun(3, func() { e.Run(x, 0, n.Len()) }); a != 0 {
			t.Fatalf("seed %d: %v allocations", seed, a)
		}
	}
	if finished < 100 {
		t.Errorf("only %d steps finish what is behind them", finished)
	}
}
