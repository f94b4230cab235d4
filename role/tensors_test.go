package role

import (
	"bytes"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/role/input"
)

// Networks of several inputs and outputs, cut where several tensors are alive, and one of tokens, which travel as they
// are whatever the wire format, give PyTorch's outputs over four roles and over a chain.
func TestNetworksOfSeveralTensors(t *testing.T) {
	const folder = "../model/testdata/"
	for name, test := range map[string]struct {
		model  string
		inputs []string
		output string // the first
		cuts   [][]string
	}{
		"two inputs": {"siamese", []string{"b=" + folder + "siamese_b.npy", "a=" + folder + "siamese_a.npy"}, "siamese_distance", [][]string{{"9"}, {"3"}, {"5", "14"}}},
		"tokens":     {"text", []string{folder + "text_ids.npy"}, "text_out", [][]string{{"17"}, {"9", "24"}}},
	} {
		for _, cuts := range test.cuts {
			for _, wire := range []string{"float32", "int8"} {
				t.Run(name+" "+pipelineName(cuts)+" "+wire, func(t *testing.T) {
					t.Parallel()
					c := quick()
					c.Model, c.Input.Paths, c.Frames, c.Queue, c.Interval, c.Wire = folder+test.model+".onnx", test.inputs, 20, 20, 0, wire
					c.Results = filepath.Join(t.TempDir(), "results.jsonl")
					slow := make([]int, len(cuts))
					for i := range slow {
						slow[i] = 1
					}
					report, err := startChain(t, c, cuts, slow...).run(t.Context(), c, "balance")
					if err != nil {
						t.Fatal(err)
					}
					want, shape, err := input.ReadFloats(folder + test.output + ".npy")
					if err != nil {
						t.Fatal(err)
					}
					class, score := (&pipeline.Frame{Data: want}).Top()
					within := 1e-4
					if wire == "int8" { // as far as 256 steps of each tensor go
						within = 0.05
					}
					results := readResults(t, c.Results)
					for _, r := range results {
						if math.Abs(float64(float32(r.Score)-score)) > within || wire == "float32" && r.Class != class {
							t.Errorf("class %d with %v, PyTorch has %d with %v (shape %v)", r.Class, r.Score, class, score, shape)
						}
					}
					if len(results) == 0 || int64(len(results)) != report.Delivered {
						t.Errorf("%d results of %d frames", len(results), report.Delivered)
					}
				})
			}
		}
	}
}

func pipelineName(cuts []string) string {
	name := "cut at"
	for _, cut := range cuts {
		name += " " + cut
	}
	return name
}

// What is no input for the network is refused before a run is opened anywhere.
func TestInputIsCheckedBeforeTheRun(t *testing.T) {
	var log bytes.Buffer
	c := quick()
	c.Log = zerolog.New(zerolog.SyncWriter(&log))
	c.Model, c.Strategy, c.Frames = "../model/testdata/text.onnx", "balance", 1
	nodes, err := startLocal(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	c.Input.Paths = []string{"../model/testdata/siamese_a.npy"}
	report, err := nodes.run(t.Context(), c, c.Strategy)
	if err == nil || !strings.Contains(err.Error(), "siamese_a.npy") || report.Frames != 0 {
		t.Errorf("%v, and a report of %d frames", err, report.Frames)
	}
	if err := nodes.stop(); err != nil {
		t.Error(err)
	}
	if strings.Contains(log.String(), "run opened") {
		t.Errorf("a run was opened:\n%s", log.String())
	}
}
