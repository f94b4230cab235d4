package model

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tandem/model/internal/f32"
)

// Weights in fewer bits change no class, and no output by more than 1 % of the
// largest.
func TestWeightsInFewerBits(t *testing.T) {
	cases := []struct{ path, in, out string }{}
	for _, path := range models(t) {
		if name := filepath.Base(path); name == "squeezenet1_1" || name == "resnet18" {
			cases = append(cases, struct{ path, in, out string }{path, path + "_in.npy", path + "_out.npy"})
		}
	}
	digits := "../../shared/models/digits_"
	if _, err := os.Stat(digits + "images.npy"); err == nil {
		cases = append(cases, struct{ path, in, out string }{digits + "mlp", digits + "images.npy", digits + "mlp_logits.npy"})
		cases = append(cases, struct{ path, in, out string }{digits + "cnn", digits + "images.npy", digits + "cnn_probabilities.npy"})
	}
	for _, c := range cases {
		for f, bound := range map[Format]float64{Float16: 0.002, Int8: 0.01, Float16Arithmetic: 0.01} {
			t.Run(filepath.Base(c.path)+" "+f.String(), func(t *testing.T) {
				n, err := Open(c.path + ".onnx")
				if err != nil {
					t.Fatal(err)
				}
				defer n.Close()
				e := NewExecutor(n, Options{Weights: f, Batch: 2})
				defer e.Close()
				if err := e.Load(0, n.Len()); err != nil {
					t.Fatal(err)
				}
				x, want := npy(t, c.in), npy(t, c.out)
				each := n.Size(0)
				classes := len(want) / (len(x) / each)
				worst, most := 0.0, 0.0
				step, batch := 1, 2
				switch {
				case testing.Short() && large(n): // under qemu it takes seconds
					batch = 1
				case testing.Short():
					step = 12
				}
				for i := 0; i < len(x)/each; i += step {
					frame := x[i*each:][:each]
					ys, err := e.Run([][]float32{frame, frame}[:batch], 0, n.Len())
					if err != nil {
						t.Fatal(err)
					}
					for _, y := range ys {
						right := want[i*classes:][:classes]
						for k, v := range y {
							worst = max(worst, math.Abs(float64(v-right[k])))
							most = max(most, math.Abs(float64(right[k])))
						}
						if top(y) != top(right) {
							t.Errorf("frame %d: class %d, want %d", i, top(y), top(right))
						}
					}
				}
				if worst > bound*most {
					t.Errorf("an output is off by %.2f %% of the largest, at most %.1f %% are allowed", 100*worst/most, 100*bound)
				}
				t.Logf("%.3f %% of the largest", 100*worst/most)
			})
		}
	}
}

func top(y []float32) int { return slices.Index(y, slices.Max(y)) }

// Fewer bits are less memory, and what small layers have stays as it is.
func TestStored(t *testing.T) {
	all, err := Default(1).Stored()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(all); n != 3 && !(n == 4 && f32.MultipliesHalves()) || all[0].Error != 0 || all[1].Error > 0.05 || all[2].Error > 1 {
		t.Errorf("%+v", all)
	}
	if whole := all[0].Bytes; all[1].Bytes*2 != whole || all[2].Bytes > whole*3/10 || all[2].Bytes < whole/4 {
		t.Errorf("%+v", all)
	}
	one, err := Default(1).Stored() // it is the same again
	if err != nil || !slices.Equal(one, all) {
		t.Errorf("%+v, then %+v: %v", all, one, err)
	}
}

// What is no finite number in any format is left out of the errors.
func TestStoredOfNoNumbers(t *testing.T) {
	n, err := open(t, graph{
		nodes:        []bytesOf{apply("Sub", "a", []string{"x", "two"}), apply("Log", "y", []string{"a"})},
		initializers: []bytesOf{weights("two", nil, 2)},
		in:           []bytesOf{info("x", 1, 4)}, out: []bytesOf{info("y", 1, 4)},
	}.file())
	if err != nil {
		t.Fatal(err)
	}
	all, err := n.Stored()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Error != 0 {
			t.Errorf("%+v", s)
		}
	}
}

// In each format the network computes the same on one thread and on two, for one
// frame and for three, convolutions in groups and by tiles included.
func TestFormatsWithThreads(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	numbers := func(n int, scale float32) []float32 {
		s := make([]float32, n)
		for i := range s {
			s[i] = scale * (2*r.Float32() - 1)
		}
		return s
	}
	n, err := open(t, graph{
		nodes: []bytesOf{
			apply("Conv", "a", []string{"x", "wa"}, intsAttr("pads", 1, 1, 1, 1)), apply("Sigmoid", "b", []string{"a"}),
			apply("Conv", "c", []string{"b", "wc"}, intAttr("group", 2)), apply("Conv", "d", []string{"b", "wd"}, intAttr("group", 2)),
			apply("Add", "e", []string{"c", "d"}), apply("Relu", "f", []string{"e"}), apply("GlobalAveragePool", "g", []string{"f"}),
			apply("Flatten", "h", []string{"g"}), apply("Gemm", "i", []string{"h", "wi"}), apply("Tanh", "y", []string{"i"}),
		},
		initializers: []bytesOf{
			weights("wa", []int64{128, 64, 3, 3}, numbers(128*64*9, 0.05)...), weights("wc", []int64{256, 64, 3, 3}, numbers(256*64*9, 0.05)...),
			weights("wd", []int64{256, 64, 3, 3}, numbers(256*64*9, 0.05)...), weights("wi", []int64{256, 300}, numbers(256*300, 0.1)...),
		},
		in: []bytesOf{info("x", 1, 64, 17, 15)}, out: []bytesOf{info("y", 1, 300)},
	}.file())
	if err != nil {
		t.Fatal(err)
	}
	x := [][]float32{numbers(n.Size(0), 1), numbers(n.Size(0), 1), numbers(n.Size(0), 1)}
	var exact [][]float32
	for f, within := range []float64{Float32: 1e-4, Float16: 1e-3, Int8: 1e-2, Float16Arithmetic: 1e-2} {
		for _, threads := range []int{1, 2} {
			batches := []int{1, 3} // frames
			switch {
			case !testing.Short():
			case threads == 1:
				continue
			case Format(f) == Float16Arithmetic: // which qemu is slow at
				batches = []int{1}
			default:
				batches = []int{3}
			}
			e := NewExecutor(n, Options{Weights: Format(f), Threads: threads, Batch: 3})
			defer e.Close()
			if err := e.Load(0, n.Len()); err != nil {
				t.Fatal(err)
			}
			for l := range e.sharing {
				e.sharing[l] = sharing{always, always}
			}
			for _, frames := range batches {
				ys, err := e.Run(x[:frames], 0, n.Len())
				if err != nil {
					t.Fatal(err)
				}
				if exact == nil { // of each frame alone
					for k := range x {
						y, err := runOne(e, x[k], 0, n.Len())
						if err != nil {
							t.Fatal(err)
						}
						exact = append(exact, slices.Clone(y))
					}
					ys = exact[:frames]
				}
				for k, y := range ys {
					for i, v := range y {
						if d := math.Abs(float64(v - exact[k][i])); !(d <= within) {
							t.Fatalf("%v, %d threads, %d frames: output %d of frame %d is off by %v", Format(f), threads, frames, i, k, d)
						}
					}
				}
			}
			if testing.Short() {
				continue // it allocates what it does anywhere, and threads that share one processor take long under qemu
			}
			if a := testing.AllocsPerRun(2, func() { e.Run(x, 0, n.Len()) }); a != 0 {
				t.Errorf("%v, %d threads: %v allocations", Format(f), threads, a)
			}
		}
	}
}

// Half precision differs by at most 1 % of the largest output wherever the network is
// cut, and by the same everywhere: a layer is computed alike on both sides.
func TestHalfPrecisionAtEveryCut(t *testing.T) {
	n, err := Open("testdata/digits_cnn.onnx")
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	x := npy(t, "testdata/digits_images.npy")[:n.Size(0)]
	exact, err := runOne(loaded(t, n, Float32), x, 0, n.Len())
	if err != nil {
		t.Fatal(err)
	}
	var whole []float32
	e := loaded(t, n, Float16Arithmetic)
	for cut := 1; cut < n.Len(); cut++ {
		hidden, err := runOne(e, x, 0, cut)
		if err != nil {
			t.Fatal(err)
		}
		y, err := runOne(e, slices.Clone(hidden), cut, n.Len())
		if err != nil {
			t.Fatal(err)
		}
		if whole == nil {
			whole = slices.Clone(y)
		}
		if !slices.Equal(y, whole) {
			t.Errorf("cut at %d it is %v, not %v", cut, y, whole)
		}
		for i, v := range y {
			if math.Abs(float64(v-exact[i])) > 0.01*float64(slices.Max(exact)) {
				t.Errorf("cut at %d: output %d is %v, want %v", cut, i, v, exact[i])
			}
		}
	}
}

// loaded is an executor of the whole network.
func loaded(t *testing.T, n *Network, f Format) *Executor {
	e := NewExecutor(n, Options{Weights: f})
	t.Cleanup(e.Close)
	if err := e.Load(0, n.Len()); err != nil {
		t.Fatal(err)
	}
	return e
}

// What was measured of a layer with float32 weights says nothing of it with fewer
// bits.
func TestFormatsAreMeasuredApart(t *testing.T) {
	met := map[string]Format{}
	for f := range Format(4) {
		e := NewExecutor(denses(1, 300), Options{Threads: 2, Weights: f})
		defer e.Close()
		shape := e.shape(0, 1)
		if other, is := met[shape]; is {
			t.Errorf("%v and %v weights are both %q", other, f, shape)
		}
		met[shape] = f
	}
}
