package model

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

// chain is a network of layers without a file.
func chain(in int, recipes ...recipe) *Network {
	n := &Network{name: "chain", input: activation{[]string{"in"}, []int{in}}}
	for _, r := range recipes {
		n.steps = append(n.steps, step{r, activation{[]string{r.String()}, r.shape()}})
	}
	return n
}

// given is weights that a test wrote down.
type given struct{ w, b []float32 }

func (g given) read(w, b []float32) error {
	copy(w, g.w)
	copy(b, g.b)
	return nil
}

func TestLayersByHand(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	tests := map[string]struct {
		recipe  recipe
		x, want []float32
	}{
		"dense":            {&dense{2, 3, true, given{[]float32{1, 2, 3, 4, 5, 6}, []float32{10, 20, 30}}}, []float32{1, -1}, []float32{9, 19, 29}},
		"dense, no bias":   {&dense{2, 1, false, given{[]float32{3, 4}, nil}}, []float32{1, 2}, []float32{11}},
		"dense 1 to 1":     {&dense{1, 1, true, given{[]float32{3}, []float32{1}}}, []float32{2}, []float32{7}},
		"dense 1 to 3":     {&dense{1, 3, true, given{[]float32{1, 2, 3}, []float32{0, 0, 1}}}, []float32{2}, []float32{2, 4, 7}},
		"relu":             {relu{dims: []int{2, 2}}, []float32{-1, 0, 2, inf}, []float32{0, 0, 2, inf}},
		"softmax":          {softmax{dims: []int{3}, group: 3}, []float32{0, float32(math.Log(2)), float32(math.Log(5))}, []float32{0.125, 0.25, 0.625}},
		"softmax of large": {softmax{dims: []int{2}, group: 2}, []float32{3e38, -3e38}, []float32{1, 0}},
		"softmax by rows":  {softmax{dims: []int{2, 2}, group: 2}, []float32{1, 1, 5, 5}, []float32{0.5, 0.5, 0.5, 0.5}},
		"flatten":          {flatten{from: []int{2, 1, 2}}, []float32{1, 2, 3, 4}, []float32{1, 2, 3, 4}},
	}
	for name, test := range tests {
		e := NewExecutor(chain(len(test.x), test.recipe))
		if err := e.Load(0, 1); err != nil {
			t.Fatal(err)
		}
		x := slices.Clone(test.x)
		y, err := e.Run(x, 0, 1)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !slices.EqualFunc(y, test.want, func(a, b float32) bool { return a == b || math.Abs(float64(a-b)) < 1e-6 }) {
			t.Errorf("%s: got %v, want %v", name, y, test.want)
		}
		if !slices.Equal(x, test.x) {
			t.Errorf("%s: x was changed to %v", name, x)
		}
	}

	e := NewExecutor(chain(1, relu{dims: []int{1}}))
	if err := e.Load(0, 1); err != nil {
		t.Fatal(err)
	}
	if y, err := e.Run([]float32{nan}, 0, 1); err != nil || y[0] == y[0] {
		t.Errorf("relu of NaN: got %v, %v, want NaN", y, err)
	}
}

func TestExecutorRange(t *testing.T) {
	n := Default(1)
	e := NewExecutor(n)
	x := make([]float32, 100)
	if err := e.Load(0, 1); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		x        []float32
		from, to int
		is       error
		says     string
	}{
		{x, 0, 2, ErrNotResident, "layer 1"},
		{x[:99], 0, 1, ErrLength, "99 numbers, want 100"},
		{nil, 0, 1, ErrLength, "0 numbers"},
		{x, -1, 1, ErrRange, "it has 2"},
		{x, 0, 3, ErrRange, "0 to 3"},
		{x, 1, 0, ErrRange, "1 to 0"},
		{x, 1, 1, ErrRange, "at least one"},
	} {
		_, err := e.Run(test.x, test.from, test.to)
		if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("run of %d numbers from %d to %d: got %v, want %v saying %q", len(test.x), test.from, test.to, err, test.is, test.says)
		}
	}
	if err := e.Load(1, 3); !errors.Is(err, ErrRange) {
		t.Errorf("load beyond the network: got %v", err)
	}
	if e.Resident(0, 2) || !e.Resident(0, 1) || e.Resident(0, 3) || e.Resident(-1, 0) || !e.Resident(1, 1) {
		t.Error("what is resident is not what was loaded")
	}
	e.Drop(-5, 500)
	if e.Resident(0, 1) {
		t.Error("resident after Drop")
	}
	if _, err := e.Run(x, 0, 1); !errors.Is(err, ErrNotResident) {
		t.Errorf("run after Drop: got %v", err)
	}
}

// A switch and back, as the fast node makes it, leaves the results as they are;
// a result may be the next Run's input.
func TestExecutorLoadsAndDrops(t *testing.T) {
	n := Default(7)
	x := make([]float32, 100)
	for i := range x {
		x[i] = float32(i) / 100
	}
	e := NewExecutor(n)
	if err := e.Load(0, 2); err != nil {
		t.Fatal(err)
	}
	whole, err := e.Run(x, 0, 2)
	if err != nil {
		t.Fatal(err)
	}
	whole = slices.Clone(whole)
	for range 3 {
		h, err := e.Run(x, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		head := slices.Clone(h)
		e.Drop(1, 2)
		if h, err = e.Run(x, 0, 1); err != nil || !slices.Equal(h, head) {
			t.Fatalf("the head gives something else without the tail (%v)", err)
		}
		if err := e.Load(1, 2); err != nil {
			t.Fatal(err)
		}
		y, err := e.Run(h, 1, 2)
		if err != nil || !slices.Equal(y, whole) {
			t.Fatalf("head and tail give something else than the whole (%v)", err)
		}
	}
}

type broken struct{}

func (broken) read(w, b []float32) error { return errors.New("card removed") }

func TestLoadIsAllOrNothing(t *testing.T) {
	e := NewExecutor(chain(2, relu{dims: []int{2}}, &dense{2, 2, false, broken{}}))
	err := e.Load(0, 2)
	if err == nil || !strings.Contains(err.Error(), "layer 1") || !strings.Contains(err.Error(), "dense 2 to 2") {
		t.Errorf("got %v, want an error about layer 1, dense 2 to 2", err)
	}
	if e.Resident(0, 1) {
		t.Error("layer 0 stayed")
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	file := graph{nodes: []bytesOf{node("Flatten", "f", []string{"x"}), node("MatMul", "h", []string{"f", "w"}), node("Relu", "r", []string{"h"}),
		node("Softmax", "y", []string{"r"})}, initializers: []bytesOf{inByOut}}.file()
	every, err := open(t, file)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []*Network{Default(1), openDigits(t), every} {
		e := NewExecutor(n)
		if err := e.Load(0, n.Len()); err != nil {
			t.Fatal(err)
		}
		x := make([]float32, volume(n.Shape(0)))
		if a := testing.AllocsPerRun(10, func() {
			if _, err := e.Run(x, 0, n.Len()); err != nil {
				t.Fatal(err)
			}
		}); a != 0 {
			t.Errorf("%s: %v allocations a frame, want 0", n.Name(), a)
		}
	}
}

// The engine serves gorgonia's own entrance, and refuses the views for which
// the standard engine gives wrong numbers.
func TestEngine(t *testing.T) {
	w := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float32{1, 2, 3, 4, 5, 6}), tensor.WithEngine(engine{}))
	x := tensor.New(tensor.WithShape(3), tensor.WithBacking([]float32{1, 0, -1}))
	y, err := w.MatVecMul(x)
	if err != nil || !slices.Equal(y.Float32s(), []float32{-2, -2}) {
		t.Errorf("got %v, %v, want [-2 -2]", y, err)
	}
	columns, err := w.Slice(nil, tensor.S(0, 2))
	if err != nil {
		t.Fatal(err)
	}
	x2 := tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{1, 1}))
	y2 := tensor.New(tensor.WithShape(2), tensor.Of(tensor.Float32))
	if err := (engine{}).MatVecMul(columns, x2, y2); err == nil {
		t.Error("took a view of columns")
	}
	if err := (engine{}).MatVecMul(w, x2, y2); err == nil {
		t.Error("took a vector of the wrong length")
	}
	f64 := tensor.New(tensor.WithShape(3), tensor.Of(tensor.Float64))
	if err := (engine{}).MatVecMul(w, f64, y2); err == nil {
		t.Error("took float64")
	}
}

func BenchmarkRun(b *testing.B) {
	for _, n := range []*Network{Default(1), openDigits(b)} {
		b.Run(n.Name(), func(b *testing.B) {
			e := NewExecutor(n)
			if err := e.Load(0, n.Len()); err != nil {
				b.Fatal(err)
			}
			x := make([]float32, volume(n.Shape(0)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Run(x, 0, n.Len()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What a switch costs: making the tail resident.
func BenchmarkLoad(b *testing.B) {
	for _, n := range []*Network{Default(1), openDigits(b)} {
		b.Run(n.Name(), func(b *testing.B) {
			e := NewExecutor(n)
			for b.Loop() {
				if err := e.Load(n.DefaultCut(), n.Len()); err != nil {
					b.Fatal(err)
				}
				e.Drop(0, n.Len())
			}
		})
	}
}
