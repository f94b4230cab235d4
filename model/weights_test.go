package model

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
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
		for f, bound := range map[Format]float64{Float16: 0.002, Int8: 0.01} {
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
				for i := range len(x) / each {
					frame := x[i*each:][:each]
					ys, err := e.Run([][]float32{frame, frame}, 0, n.Len())
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
	if len(all) != 3 || all[0].Error != 0 || all[1].Error > 0.05 || all[2].Error > 1 {
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
