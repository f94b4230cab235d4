//go:build slow

package chaos

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tandem/pipeline"
	"tandem/role/input"
	"tandem/strategy"
)

const (
	labels        = "../../model/testdata/digits_labels.npy"
	logits        = "../../model/testdata/digits_mlp_logits.npy"
	digitsCNN     = "../../model/testdata/digits_cnn.onnx"
	probabilities = "../../model/testdata/digits_cnn_probabilities.npy"
)

// classify feeds the digits.
var classify = []string{"--input", images, "--labels", labels}

// overload is a device so slow that a client at this interval would have to stand still for seconds not to overload it.
var (
	overload = []string{"--model", digits, "--queue", "4", "--emulate", "head=1ms,tail=40ms,load=50ms"}
	quickly  = []string{"--frames", "80", "--interval", "5ms"}
)

// fourProcesses starts fast, slow and end, with flags for all of them, and some for fast and slow only.
func fourProcesses(t *testing.T, all, workers []string) *site {
	t.Helper()
	top := topologies[0].with(all, workers)
	top.results = filepath.Join(t.TempDir(), "results.jsonl")
	return newSite(t, top, false)
}

// Each strategy sheds what it should, its results are right wherever they were made, and a node that was killed between
// runs is missed by nobody.
func TestFourProcesses(t *testing.T) {
	t.Parallel()
	s := fourProcesses(t, nil, overload)
	for _, test := range []struct {
		strategy string
		tasks    int
	}{{"baseline", 0}, {"takeover", 5}, {"alternate", 5}, {"replicate", 0}} {
		flags := slices.Concat(classify, quickly, []string{"--strategy", test.strategy})
		if test.tasks > 0 {
			flags = append(flags, "--tasks", strconv.Itoa(test.tasks))
		}
		r := s.until(t, shared, flags...)
		if r.Strategy != test.strategy || r.Tasks != test.tasks || r.Frames != 80 || r.Model != "digits_mlp.onnx" || r.Accuracy == nil {
			t.Errorf("another run is reported: %+v", r)
		}
		fast, slow := entry(t, r, "fast"), entry(t, r, "slow")
		finished := agree(t, resultsOf(t, s.topology.results, r), logits)
		if r.DoubleCounted == 0 && (finished["fast"] != fast.Finished || finished["slow"] != slow.Finished) {
			t.Errorf("%s: results of %v, and the ledgers have %+v and %+v", test.strategy, finished, fast, slow)
		}
		if slow.Finished == 0 || slow.Refused+fast.Refused == 0 {
			t.Errorf("%s: slow was not overloaded: %+v", test.strategy, r.Nodes)
		}
		if helps := test.strategy != "baseline"; (fast.Finished > 0) != helps || (fast.Switches > 0) != (test.tasks > 0) {
			t.Errorf("%s: fast has %+v", test.strategy, fast)
		}
	}
	for _, r := range []string{"slow", "fast", "end"} {
		s.process(r).kill()
		s.up(t, r)
		report := s.run(t, slices.Concat(classify, quickly, []string{"--strategy", "alternate"})...)
		agree(t, resultsOf(t, s.topology.results, report), logits)
	}
}

// Where nothing is refused, the classifier is as good as its training, and four processes have the results of one.
func TestDigitsAcrossProcesses(t *testing.T) {
	t.Parallel()
	worker := []string{"--model", digits, "--queue", "360"}
	unpaced := slices.Concat(classify, []string{"--frames", "360", "--interval", "0"})

	file := filepath.Join(t.TempDir(), "local.jsonl")
	code, stdout, _ := tandem(t, slices.Concat(worker, unpaced,
		[]string{"--emulate", "off", "--strategy", "replicate", "--format", "json", "--results", file})...)
	if code != 0 {
		t.Fatalf("code %d", code)
	}
	inOne := resultsOf(t, file, parse(t, stdout))

	s := fourProcesses(t, nil, worker)
	for _, name := range []string{"baseline", "replicate"} { // without overload the others are as baseline
		r := s.until(t, whole, append(unpaced, "--strategy", name)...)
		if r.Delivered != 360 || r.Accuracy == nil || math.Abs(*r.Accuracy-98.9) > 0.05 {
			t.Errorf("%s: %+v, want 360 delivered and an accuracy of 98.9 %%", name, r)
		}
		inFour := resultsOf(t, s.topology.results, r)
		agree(t, inFour, logits)
		for id, a := range inOne {
			if b := inFour[id]; a.Class != b.Class || a.Score != b.Score {
				t.Errorf("%s: frame %d has %+v, and %+v in one process", name, id, b, a)
			}
		}
	}
}

// A network with convolutions, cut in the middle: with every strategy and under overload the outputs are PyTorch's,
// whichever node finished the frame.
func TestCNNAcrossProcesses(t *testing.T) {
	t.Parallel()
	cnn := []string{"--model", digitsCNN, "--queue", "3", "--emulate", "tail=40ms,load=20ms"}
	s := fourProcesses(t, nil, cnn)
	for _, e := range strategy.All() {
		r := s.until(t, shared, "--input", images, "--frames", "80", "--interval", "5ms", "--tasks", "5", "--strategy", e.Name)
		finished := agree(t, resultsOf(t, s.topology.results, r), probabilities)
		if e.Name != "baseline" && (finished["fast"] == 0 || finished["slow"] == 0) {
			t.Errorf("%s: fast finished %d frames, slow %d", e.Name, finished["fast"], finished["slow"])
		}
	}
}

// A network is cut twice and spread over three processes, as the README has it; fast and the first slow node each say
// what they decided.
func TestChainAcrossProcesses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	traces := map[string]string{"fast": filepath.Join(folder, "fast.jsonl"), "slow": filepath.Join(folder, "slow.jsonl")}
	s := newSite(t, topology{
		next:    map[string][]string{"fast": {"slow1"}, "slow1": {"slow2"}, "slow2": {"end"}},
		workers: []string{"--model", digitsCNN, "--queue", "3", "--emulate", "head=2ms,tail=20ms,15ms@1s,load=20ms"},
		only:    map[string][]string{"fast": {"--cut", "3", "--cut", "7", "--trace", traces["fast"]}, "slow1": {"--trace", traces["slow"]}},
		results: filepath.Join(folder, "results.jsonl"),
	}, false)
	for _, name := range []string{"alternate", "balance", "replicate"} {
		r := s.run(t, "--input", images, "--frames", "80", "--interval", "5ms", "--tasks", "5", "--strategy", name)
		if !slices.Equal(r.Cuts, []int{3, 7}) || r.Cut != 3 || len(r.Nodes) != 5 {
			t.Errorf("%s: cuts %v (%d), %d nodes", name, r.Cuts, r.Cut, len(r.Nodes))
		}
		agree(t, resultsOf(t, s.topology.results, r), probabilities)
		for of, path := range traces {
			lines := decisions(t, path, r.Run)
			if name != "replicate" && (lines == 0 || entry(t, r, of).States == nil) {
				t.Errorf("%s: %s has %d lines of trace, and states %v", name, of, lines, entry(t, r, of).States)
			}
		}
	}
}

// decisions counts a run's lines in a trace.
func decisions(t *testing.T, path, run string) (lines int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var d struct {
			Run string
			pipeline.Decided
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		if d.Run == run {
			lines++
		}
	}
	return lines
}

func entry(t *testing.T, r pipeline.Report, of string) pipeline.Entry {
	t.Helper()
	i := slices.IndexFunc(r.Nodes, func(e pipeline.Entry) bool { return e.Role == of })
	if i < 0 {
		t.Fatalf("the report has no %s node: %+v", of, r)
	}
	return r.Nodes[i]
}

// result is a line of end's results.
type result struct {
	Run   string
	ID    int
	Class int
	Score float32
	Node  string
}

// resultsOf reads the results of one run; there must be one for each delivered frame.
func resultsOf(t *testing.T, path string, r pipeline.Report) map[int]result {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := map[int]result{}
	for line := range strings.Lines(string(text)) {
		var one result
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		if one.Run == r.Run {
			all[one.ID] = one
		}
	}
	if int64(len(all)) != r.Delivered {
		t.Errorf("%s: there are results of %d frames, and %d were delivered", r.Strategy, len(all), r.Delivered)
	}
	return all
}

// agree checks results of the digits against PyTorch's, and returns how many each node has finished.
func agree(t *testing.T, results map[int]result, outputs string) map[string]int64 {
	t.Helper()
	return agreeWithin(t, results, pytorch(t, outputs), 10, 1e-4)
}

// agreeWithin checks results against outputs of so many numbers for each frame: the class is the same, and the score nearly.
// It returns how many each node has finished.
func agreeWithin(t *testing.T, results map[int]result, outputs []float32, size int, within float64) map[string]int64 {
	t.Helper()
	finished := map[string]int64{}
	for id, got := range results {
		finished[got.Node]++
		row := outputs[id*size%len(outputs):][:size]
		best := slices.Max(row)
		if got.Class >= size || row[got.Class] != best || math.Abs(float64(got.Score-best)) > within {
			t.Errorf("frame %d, finished on %s: class %d with %v, and PyTorch has class %d with %v",
				id, got.Node, got.Class, got.Score, slices.Index(row, best), best)
		}
	}
	return finished
}

// pytorch reads what PyTorch computed.
func pytorch(t *testing.T, path string) []float32 {
	t.Helper()
	outputs, _, err := input.ReadFloats(path)
	if err != nil {
		t.Fatal(err)
	}
	return outputs
}
