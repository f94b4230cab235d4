package role

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem/pipeline"
	"tandem/role/answer"
	"tandem/role/input"
)

// labelled is a run of all digits that loses none, with their true classes.
func labelled(network string) setup {
	c := quick()
	c.Model, c.Input.Paths, c.Input.Labels = network, []string{digitsImages}, digitsLabels
	c.Frames, c.Queue, c.Interval, c.Strategy = 360, 360, 0, "balance"
	return c
}

// arrayIn writes an array of a .npz file into a file of its own.
func arrayIn(t *testing.T, archive, name string) (path string) {
	t.Helper()
	z, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	from, err := z.Open(name + ".npy")
	if err != nil {
		t.Fatal(err)
	}
	array, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), name+".npy")
	if err := os.WriteFile(path, array, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The rows of a file of numpy are PyTorch's outputs, and tell which frames they belong to.
func TestResultsForNumpy(t *testing.T) {
	for network, outputs := range digitsOutputs {
		want, shape, err := input.ReadFloats(outputs)
		if err != nil {
			t.Fatal(err)
		}
		c := labelled(network)
		c.Results = filepath.Join(t.TempDir(), "x.npz")
		nodes := startQuick(t, c)
		var ids []byte
		for run := range 2 {
			r, err := nodes.run(t.Context(), c, c.Strategy)
			if err != nil || undisturbed(r) && len(r.Notes) > 0 {
				t.Fatalf("%v, notes %q", err, r.Notes)
			}
			got, rows, err := input.ReadFloats(arrayIn(t, c.Results, map[string]string{digits: "logits", digitsCNN: "probabilities"}[network]))
			if err != nil {
				t.Fatal(err)
			}
			arrived := int(r.Delivered) * (run + 1)
			if undisturbed(r) && fmt.Sprint(rows) != fmt.Sprint([]int{arrived, shape[1]}) {
				t.Fatalf("rows of %v, and %d frames have arrived", rows, arrived)
			}
			if ids, err = os.ReadFile(arrayIn(t, c.Results, "id")); err != nil {
				t.Fatal(err)
			}
			ids = ids[len(ids)-8*rows[0]:]
			for row := range rows[0] {
				id := int(binary.LittleEndian.Uint64(ids[8*row:]))
				for i, v := range got[row*shape[1]:][:shape[1]] {
					if math.Abs(float64(v-want[id*shape[1]+i])) > 1e-4 {
						t.Fatalf("%s: frame %d: %v, PyTorch has %v", network, id, v, want[id*shape[1]+i])
					}
				}
			}
		}
	}
}

// Scores are called what the network makes them, and --softmax makes probabilities of logits.
func TestScoresOfNetworks(t *testing.T) {
	for _, test := range []struct {
		network string
		softmax bool
		is      string
	}{{digits, false, answer.Logit}, {digits, true, answer.Probability}, {digitsCNN, false, answer.Probability}, {digitsCNN, true, answer.Probability}} {
		c := labelled(test.network)
		c.Results, c.Answers, c.Softmax = filepath.Join(t.TempDir(), "x.jsonl"), answer.Full, test.softmax
		nodes := startQuick(t, c)
		r, err := nodes.run(t.Context(), c, c.Strategy)
		if err != nil {
			t.Fatal(err)
		}
		results := readResults(t, c.Results)
		if int64(len(results)) != r.Delivered || len(results) == 0 {
			t.Errorf("%d results, %d frames delivered", len(results), r.Delivered)
		}
		for _, a := range results {
			sum := 0.0
			for _, v := range a.Outputs[0].Values {
				sum += float64(v)
			}
			if probable := math.Abs(sum-1) < 1e-5; a.ScoreIs != test.is || probable != (test.is == answer.Probability) || a.Outputs[0].Type != "float32" {
				t.Fatalf("%s, --softmax %t: %+v, with a sum of %v", test.network, test.softmax, a, sum)
			}
		}
	}
}

// What does not fit the network is refused when the run is opened, before a frame is computed, and the next run is not.
func TestReadingsThatDoNotFit(t *testing.T) {
	names := filepath.Join(t.TempDir(), "names.txt")
	if err := os.WriteFile(names, []byte(strings.Repeat("digit\n", 11)), 0o600); err != nil {
		t.Fatal(err)
	}
	c := labelled(digits)
	c.Classes = names
	_, err := startQuick(t, c).run(t.Context(), c, c.Strategy)
	if !errors.Is(err, pipeline.ErrInvalidRun) || !strings.Contains(err.Error(), "--classes has 11 lines, and the network's first output, logits [10], has 10 numbers") {
		t.Errorf("eleven names for ten classes: %v", err)
	}
	c = labelled("../model/testdata/siamese.onnx")
	c.Results = filepath.Join(t.TempDir(), "x.npy")
	c.Input.Paths, c.Input.Labels = []string{"a=../model/testdata/siamese_a.npy", "b=../model/testdata/siamese_b.npy"}, ""
	if _, err = startQuick(t, c).run(t.Context(), c, c.Strategy); !errors.Is(err, pipeline.ErrInvalidRun) || !strings.Contains(err.Error(), "has room for one output") {
		t.Errorf("two outputs in a .npy file: %v", err)
	}
}
