package model

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"tandem/model/internal/f32"
	"tandem/model/internal/onnx"
	"tandem/model/internal/op"
)

// chain is a network of layers without a file, each with its shape.
func chain(in []int, steps ...link) *Network {
	n := &Network{name: "chain", values: []value{{names: []string{"in"}, dims: in}}}
	for i, s := range steps {
		n.values = append(n.values, value{names: []string{s.o.String()}, dims: s.shape})
		n.nodes = append(n.nodes, node{s.o, []int{i}, []int{i + 1}})
	}
	if err := n.follow(1, []int{len(steps)}, 1<<10); err != nil {
		panic(err)
	}
	return n
}

type link struct {
	o     op.Operation
	shape []int
}

// operation is what a node of this operator gives for an activation of that
// shape.
func operation(t testing.TB, name string, shape ...int) op.Operation {
	t.Helper()
	n := &op.Node{Node: &onnx.Node{Op: name, Inputs: []string{"x"}, Outputs: []string{"y"}}, Opset: 13, In: []op.Input{{Shape: shape}}}
	if err := op.Table[name].Read(n); err != nil {
		t.Fatal(err)
	}
	return n.Results[0].Operation
}

// given is weights that a test wrote down.
type given struct{ w, b []float32 }

func (g given) Read(w *f32.Matrix, b []float32) error {
	w.SetRows(0, g.w)
	copy(b, g.b)
	return nil
}

// runOne is Run for one frame.
func runOne(e *Executor, x []float32, from, to int) ([]float32, error) {
	ys, err := e.Run([][]float32{x}, from, to)
	if err != nil {
		return nil, err
	}
	return ys[0], nil
}

func TestLayersByHand(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	tests := map[string]struct {
		o       op.Operation
		shape   []int
		x, want []float32
	}{
		"dense":            {op.NewDense(2, 3, 1, true, given{[]float32{1, 2, 3, 4, 5, 6}, []float32{10, 20, 30}}), []int{3}, []float32{1, -1}, []float32{9, 19, 29}},
		"dense, no bias":   {op.NewDense(2, 1, 1, false, given{[]float32{3, 4}, nil}), []int{1}, []float32{1, 2}, []float32{11}},
		"dense 1 to 1":     {op.NewDense(1, 1, 1, true, given{[]float32{3}, []float32{1}}), []int{1}, []float32{2}, []float32{7}},
		"dense 1 to 3":     {op.NewDense(1, 3, 1, true, given{[]float32{1, 2, 3}, []float32{0, 0, 1}}), []int{3}, []float32{2}, []float32{2, 4, 7}},
		"dense, two rows":  {op.NewDense(1, 2, 2, true, given{[]float32{1, 2}, []float32{0, 1}}), []int{2, 2}, []float32{2, 3}, []float32{2, 5, 3, 7}},
		"relu":             {operation(t, "Relu", 2, 2), []int{2, 2}, []float32{-1, 0, 2, inf}, []float32{0, 0, 2, inf}},
		"softmax":          {operation(t, "Softmax", 3), []int{3}, []float32{0, float32(math.Log(2)), float32(math.Log(5))}, []float32{0.125, 0.25, 0.625}},
		"softmax of large": {operation(t, "Softmax", 2), []int{2}, []float32{3e38, -3e38}, []float32{1, 0}},
		"softmax by rows":  {operation(t, "Softmax", 2, 2), []int{2, 2}, []float32{1, 1, 5, 5}, []float32{0.5, 0.5, 0.5, 0.5}},
		"flatten":          {operation(t, "Flatten", 4, 1), []int{4}, []float32{1, 2, 3, 4}, []float32{1, 2, 3, 4}},
	}
	for name, test := range tests {
		in := []int{len(test.x)}
		if _, same := test.o.(op.InPlace); same {
			in = test.shape
		}
		e := NewExecutor(chain(in, link{test.o, test.shape}), Options{})
		if err := e.Load(0, 1); err != nil {
			t.Fatal(err)
		}
		x := slices.Clone(test.x)
		y, err := runOne(e, x, 0, 1)
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

	e := NewExecutor(chain([]int{1}, link{operation(t, "Relu", 1), []int{1}}), Options{})
	if err := e.Load(0, 1); err != nil {
		t.Fatal(err)
	}
	if y, err := runOne(e, []float32{nan}, 0, 1); err != nil || y[0] == y[0] {
		t.Errorf("relu of NaN: got %v, %v, want NaN", y, err)
	}
}

func TestExecutorRange(t *testing.T) {
	n := Default(1)
	e := NewExecutor(n, Options{})
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
		_, err := runOne(e, test.x, test.from, test.to)
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
	if _, err := runOne(e, x, 0, 1); !errors.Is(err, ErrNotResident) {
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
	e := NewExecutor(n, Options{})
	if err := e.Load(0, 2); err != nil {
		t.Fatal(err)
	}
	whole, err := runOne(e, x, 0, 2)
	if err != nil {
		t.Fatal(err)
	}
	whole = slices.Clone(whole)
	for range 3 {
		h, err := runOne(e, x, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		head := slices.Clone(h)
		e.Drop(1, 2)
		if h, err = runOne(e, x, 0, 1); err != nil || !slices.Equal(h, head) {
			t.Fatalf("the head gives something else without the tail (%v)", err)
		}
		if err := e.Load(1, 2); err != nil {
			t.Fatal(err)
		}
		y, err := runOne(e, h, 1, 2)
		if err != nil || !slices.Equal(y, whole) {
			t.Fatalf("head and tail give something else than the whole (%v)", err)
		}
	}
}

// What Run gave stays valid until the next Run, also while more is loaded and
// measured.
func TestLoadLeavesResultsAlone(t *testing.T) {
	ones := slices.Repeat([]float32{1}, 400*400)
	layer := func(bias float32) link {
		return link{op.NewDense(400, 400, 1, true, given{ones, slices.Repeat([]float32{bias}, 400)}), []int{400}}
	}
	e := NewExecutor(chain([]int{400}, layer(1), layer(7)), Options{Threads: 2})
	defer e.Close()
	if err := e.Load(0, 1); err != nil {
		t.Fatal(err)
	}
	x := make([]float32, 400)
	x[0] = 1
	y, err := runOne(e, x, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	before := slices.Clone(y)
	if err := e.Load(1, 2); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, y) {
		t.Errorf("%v became %v", before[:3], y[:3])
	}
}

type broken struct{}

func (broken) Read(*f32.Matrix, []float32) error { return errors.New("card removed") }

func TestLoadIsAllOrNothing(t *testing.T) {
	e := NewExecutor(chain([]int{2}, link{operation(t, "Relu", 2), []int{2}}, link{op.NewDense(2, 2, 1, false, broken{}), []int{2}}), Options{})
	err := e.Load(0, 2)
	if err == nil || !strings.Contains(err.Error(), "layer 1") || !strings.Contains(err.Error(), "dense 2 to 2") {
		t.Errorf("got %v, want an error about layer 1, dense 2 to 2", err)
	}
	if e.Resident(0, 1) {
		t.Error("layer 0 stayed")
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	file := graph{nodes: []bytesOf{apply("Flatten", "f", []string{"x"}), apply("MatMul", "h", []string{"f", "w"}), apply("Relu", "r", []string{"h"}),
		apply("Softmax", "y", []string{"r"})}, initializers: []bytesOf{inByOut}}.file()
	every, err := open(t, file)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []*Network{Default(1), openDigits(t), every} {
		e := NewExecutor(n, Options{})
		if err := e.Load(0, n.Len()); err != nil {
			t.Fatal(err)
		}
		x := make([]float32, n.Size(0))
		xs := [][]float32{x}
		if a := testing.AllocsPerRun(10, func() {
			if _, err := e.Run(xs, 0, n.Len()); err != nil {
				t.Fatal(err)
			}
		}); a != 0 {
			t.Errorf("%s: %v allocations a frame, want 0", n.Name(), a)
		}
	}
}

// A batch gives what its frames give one by one, whichever threads compute it,
// and with the ReLU fused or not.
func TestBatchEqualsSingleFrames(t *testing.T) {
	n := openDigits(t)
	single := NewExecutor(n, Options{})
	joint := NewExecutor(n, Options{Threads: 2, Batch: 5})
	defer joint.Close()
	if err := errors.Join(single.Load(0, n.Len()), joint.Load(0, n.Len())); err != nil {
		t.Fatal(err)
	}
	images := npy(t, "testdata/digits_images.npy")
	for frames := 1; frames <= 5; frames++ {
		xs := make([][]float32, frames)
		for f := range xs {
			xs[f] = images[f*64:][:64]
		}
		for _, every := range []sharing{{}, {always, always}} {
			for i := range joint.sharing {
				joint.sharing[i] = every
			}
			ys, err := joint.Run(xs, 0, n.Len())
			if err != nil || len(ys) != frames {
				t.Fatalf("%d results, %v", len(ys), err)
			}
			for f, y := range ys {
				h := xs[f]
				for i := range n.Len() { // layer by layer nothing is fused
					if h, err = runOne(single, h, i, i+1); err != nil {
						t.Fatal(err)
					}
				}
				for i := range y {
					if math.Abs(float64(y[i]-h[i])) > 1e-4 {
						t.Errorf("frame %d of %d, output %d: %v, alone %v", f, frames, i, y[i], h[i])
					}
				}
			}
		}
	}
	if _, err := joint.Run(make([][]float32, 6), 0, 1); !errors.Is(err, ErrLength) || !strings.Contains(err.Error(), "1 to 5") {
		t.Errorf("6 frames of a batch of 5: %v", err)
	}
	if _, err := joint.Run(nil, 0, 1); !errors.Is(err, ErrLength) {
		t.Errorf("no frames: %v", err)
	}
}

func BenchmarkRun(b *testing.B) {
	for _, n := range []*Network{Default(1), openDigits(b)} {
		b.Run(n.Name(), func(b *testing.B) {
			e := NewExecutor(n, Options{})
			if err := e.Load(0, n.Len()); err != nil {
				b.Fatal(err)
			}
			x := make([]float32, n.Size(0))
			xs := [][]float32{x}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Run(xs, 0, n.Len()); err != nil {
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
			e := NewExecutor(n, Options{})
			for b.Loop() {
				if err := e.Load(n.DefaultCut(1), n.Len()); err != nil {
					b.Fatal(err)
				}
				e.Drop(0, n.Len())
			}
		})
	}
}
