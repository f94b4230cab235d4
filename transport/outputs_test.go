package transport

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tandem/model"
)

// TestWireFormatsKeepTheOutputs computes what a format does to a network's outputs when the client's input travels in it
// and, for each cut, the activation: the largest difference from float32, as a share of the largest output, and how many
// outputs have the same class. "symmetric" is int8 with codes from -127 to 127 and no offset, for comparison.
func TestWireFormatsKeepTheOutputs(t *testing.T) {
	digits, shared := "../model/testdata", "../../shared/models"
	for _, test := range []struct {
		model, input string
		inputs, cuts int // how many of each
		// The largest differences allowed: about twice what was measured.
		float16, int8 float64
	}{
		{filepath.Join(digits, "digits_mlp.onnx"), filepath.Join(digits, "digits_images.npy"), 360, 100, 0.0003, 0.01},
		{filepath.Join(digits, "digits_cnn.onnx"), filepath.Join(digits, "digits_images.npy"), 360, 100, 0.003, 0.06},
		{filepath.Join(shared, "squeezenet1_1.onnx"), filepath.Join(shared, "squeezenet1_1_in.npy"), 1, 8, 0.0003, 0.01},
	} {
		net, err := model.Open(test.model)
		if errors.Is(err, fs.ErrNotExist) {
			t.Logf("%s is not there", test.model)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		x := model.NewExecutor(net, model.Options{Threads: 1})
		if err := x.Load(0, net.Len()); err != nil {
			t.Fatal(err)
		}
		run := func(in []float32, from, to int) []float32 {
			outs, err := x.Run([][]float32{in}, from, to)
			if err != nil {
				t.Fatal(err)
			}
			return slices.Clone(outs[0])
		}
		inputs := rows(t, test.input, test.inputs, net.Shapes(0)[0])
		step := max(1, (net.Len()-1)/test.cuts)
		for name, over := range map[string]func([]float32) []float32{
			Float16:     func(v []float32) []float32 { return travel(t, v, Float16) },
			Int8:        func(v []float32) []float32 { return travel(t, v, Int8) },
			"symmetric": symmetric,
		} {
			worst, mean, n, same := 0.0, 0.0, 0, 0
			for _, in := range inputs {
				want := run(in, 0, net.Len())
				for cut := 1; cut < net.Len(); cut += step {
					got := run(over(run(over(in), 0, cut)), cut, net.Len())
					d := difference(got, want)
					worst, mean, n = max(worst, d), mean+d, n+1
					if top(got) == top(want) {
						same++
					}
				}
			}
			t.Logf("%-20s %-9s outputs differ by %.2g %% at most, %.2g %% in the mean; %d of %d have the same class",
				net.Name(), name, 100*worst, 100*mean/float64(n), same, n)
			allowed := map[string]float64{Float16: test.float16, Int8: test.int8, "symmetric": math.Inf(1)}[name]
			if worst > allowed || name != "symmetric" && same < n {
				t.Errorf("%s, %s: off by %v, %v is allowed; %d of %d have the same class", net.Name(), name, worst, allowed, same, n)
			}
		}
		x.Close()
		if err := net.Close(); err != nil {
			t.Error(err)
		}
	}
}

// rows reads so many frames of a file that numpy.save has written, in version 1 of its format: the length of its header is
// a number of 16 bits.
func rows(t *testing.T, path string, n int, shape []int) (frames [][]float32) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data := file[10+int(binary.LittleEndian.Uint16(file[8:])):]
	size := 1
	for _, d := range shape {
		size *= d
	}
	for i := range n {
		row := make([]float32, size)
		if _, err := binary.Decode(data[4*i*size:], binary.LittleEndian, row); err != nil {
			t.Fatal(err)
		}
		frames = append(frames, row)
	}
	return frames
}

// symmetric is what one byte a value would do without an offset.
func symmetric(values []float32) []float32 {
	scale := max(slices.Max(values), -slices.Min(values)) / 127
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = scale * float32(math.Round(float64(v/scale)))
	}
	return out
}

// difference is the largest one, as a share of the largest output.
func difference(got, want []float32) float64 {
	worst, largest := 0.0, 0.0
	for i := range want {
		worst = max(worst, math.Abs(float64(got[i])-float64(want[i])))
		largest = max(largest, math.Abs(float64(want[i])))
	}
	return worst / largest
}

func top(outputs []float32) int { return slices.Index(outputs, slices.Max(outputs)) }
