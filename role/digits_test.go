package role

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/role/answer"
	"tandem/role/device"
	"tandem/role/input"
	"tandem/strategy"
)

const (
	digits       = "../model/testdata/digits_mlp.onnx"
	digitsCNN    = "../model/testdata/digits_cnn.onnx"
	digitsImages = "../model/testdata/digits_images.npy"
	digitsLabels = "../model/testdata/digits_labels.npy"
)

// digitsOutputs are PyTorch's.
var digitsOutputs = map[string]string{
	digits:    "../model/testdata/digits_mlp_logits.npy",
	digitsCNN: "../model/testdata/digits_cnn_probabilities.npy",
}

// With every strategy, overloaded or not, the outputs of the delivered frames are PyTorch's, whichever node finished
// them: with one slow node, with several, and with slow nodes that hand over to others.
func TestDigitsOverFourRoles(t *testing.T) {
	t.Parallel()
	classify(t, digits, 1, startQuick)
}

func TestDigitsOverThreeSlowNodes(t *testing.T) {
	t.Parallel()
	classify(t, digits, 3, func(t *testing.T, c setup) *localNodes {
		c.SlowNodes = 3
		return startQuick(t, c)
	})
}

func TestDigitsOverAChain(t *testing.T) {
	t.Parallel()
	classify(t, digitsCNN, 2, func(t *testing.T, c setup) *localNodes {
		return startChain(t, c, []string{"3", "7"}, 1, 1)
	})
}

func TestDigitsOverAChainOfSeveralSlowNodes(t *testing.T) {
	t.Parallel()
	classify(t, digits, 4, func(t *testing.T, c setup) *localNodes {
		return startChain(t, c, []string{"2", "4"}, 2, 2)
	})
}

func classify(t *testing.T, network string, slow int, start func(*testing.T, setup) *localNodes) {
	for _, e := range strategy.All() {
		for _, load := range []string{"idle", "overloaded"} {
			t.Run(e.Name+" "+load, func(t *testing.T) {
				t.Parallel()
				c := quick()
				c.Model, c.Input.Paths, c.Input.Labels, c.Frames, c.Queue = network, []string{digitsImages}, digitsLabels, 360, 360
				c.Results = filepath.Join(t.TempDir(), "results.jsonl")
				c.Interval = 0 // the hop sets the pace, and the client refuses nothing
				if load == "overloaded" {
					c.Interval = 2 * time.Millisecond
					c.Frames, c.Queue, c.Tasks = 200, 2, 5
					c.Emulate = device.Emulation{Name: "test", Tail: device.Always(time.Duration(6*slow) * time.Millisecond)}
				}
				report, err := start(t, c).run(t.Context(), c, e.Name)
				if err != nil {
					t.Fatal(err)
				}
				checkLedgers(t, report, slow)
				if load == "idle" && undisturbed(report) && (report.Coverage != 100 || *report.Accuracy < 98) {
					t.Errorf("coverage %v, accuracy %v", report.Coverage, *report.Accuracy)
				}
				results := readResults(t, c.Results)
				if int64(len(results)) != report.Delivered {
					t.Errorf("%d results, %d frames delivered", len(results), report.Delivered)
				}
				finished := checkResults(t, results, digitsOutputs[network])
				for _, n := range report.Nodes[1 : len(report.Nodes)-1] {
					if undisturbed(report) && finished[n.Address] != n.Finished {
						t.Errorf("%v, and it has %d results", n, finished[n.Address])
					}
				}
			})
		}
	}
}

// checkResults compares with PyTorch's outputs, and returns how many frames each node has finished.
func checkResults(t *testing.T, results []answer.Answer, outputs string) (finished map[string]int64) {
	t.Helper()
	all, shape, err := input.ReadFloats(outputs)
	if err != nil {
		t.Fatal(err)
	}
	classes := shape[1]
	finished = map[string]int64{}
	for _, r := range results {
		finished[r.Address]++
		row := all[int(r.ID)*classes:][:classes]
		class, score := (&pipeline.Frame{Data: row}).Top()
		if r.Class != class || math.Abs(float64(float32(r.Score)-score)) > 1e-4 {
			t.Errorf("frame %d, finished on %s: class %d with %v, PyTorch has %d with %v", r.ID, r.Node, r.Class, r.Score, class, score)
		}
	}
	return finished
}

func readResults(t *testing.T, path string) (results []answer.Answer) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for s := bufio.NewScanner(file); s.Scan(); {
		var r answer.Answer
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		results = append(results, r)
	}
	return results
}
