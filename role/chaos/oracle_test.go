//go:build slow

package chaos

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tandem/strategy"
)

// Networks of which PyTorch's outputs are known, over processes.

// models are the folders of networks. TestMain hides TANDEM_MODELS from the nodes, so it is read before.
var models = append(filepath.SplitList(os.Getenv("TANDEM_MODELS")), "../../model/testdata", "../../../shared/models")

// known is a file of a folder of networks. The test is skipped where none has it.
func known(t *testing.T, file string) string {
	t.Helper()
	for _, folder := range models {
		for _, sub := range []string{"", "small"} {
			path := filepath.Join(folder, sub, file)
			if _, err := os.Stat(path); err == nil {
				return path
			}
		}
	}
	t.Skipf("%s is in no folder of TANDEM_MODELS", file)
	return ""
}

// The quantised digits are classified as well as in PyTorch: with every strategy, and under overload, wherever a frame
// is finished.
func TestQuantisedAcrossProcesses(t *testing.T) {
	t.Parallel()
	model, outputs := known(t, "digits_qdq.onnx"), pytorch(t, known(t, "digits_qdq_logits.npy"))
	within := 0.02 * float64(slices.Max(outputs)) // a rounding may fall the other way
	calm := fourProcesses(t, nil, []string{"--model", model, "--queue", "360"})
	busy := fourProcesses(t, nil, []string{"--model", model, "--queue", "3", "--emulate", "tail=40ms,load=20ms"})
	for _, e := range strategy.All() {
		r := calm.until(t, whole, slices.Concat(classify, []string{"--frames", "360", "--interval", "0", "--strategy", e.Name})...)
		if r.Delivered != 360 || r.Accuracy == nil || math.Abs(*r.Accuracy-98.06) > 0.005 {
			t.Errorf("%s: %d are delivered with an accuracy of %v, want 360 with 98.06 %%", e.Name, r.Delivered, r.Accuracy)
		}
		agreeWithin(t, resultsOf(t, calm.topology.results, r), outputs, 10, within)

		r = busy.until(t, shared, slices.Concat(classify, quickly, []string{"--tasks", "5", "--strategy", e.Name})...)
		finished := agreeWithin(t, resultsOf(t, busy.topology.results, r), outputs, 10, within)
		if e.Name != "baseline" && (finished["fast"] == 0 || finished["slow"] == 0) {
			t.Errorf("%s: fast finished %d frames, slow %d", e.Name, finished["fast"], finished["slow"])
		}
	}
}

// Whatever is alive at the cuts, several inputs and several outputs: two processes compute a network, or a chain of three
// or four, and the results are PyTorch's.
func TestAnyNetworkAcrossProcesses(t *testing.T) {
	t.Parallel()
	for _, network := range []struct {
		name, output string // the first output: it decides about the class
		inputs       []string
		shape        string
	}{
		{name: "unet_nearest", inputs: []string{"in"}, output: "out"},
		{name: "unet_transposed", inputs: []string{"in"}, output: "out"},
		{name: "open_sizes", inputs: []string{"in"}, output: "out", shape: "in=1x3x32x48"},
		{name: "detector", inputs: []string{"in"}, output: "boxes"},
		{name: "siamese", inputs: []string{"a", "b"}, output: "distance"},
		{name: "text", inputs: []string{"ids"}, output: "out"},
		{name: "vit", inputs: []string{"in"}, output: "out"},
		{name: "crnn_lstm", inputs: []string{"in"}, output: "out"},
	} {
		t.Run(network.name, func(t *testing.T) {
			t.Parallel()
			worker := []string{"--model", known(t, network.name+".onnx"), "--queue", "12"}
			outputs := pytorch(t, known(t, network.name+"_"+network.output+".npy"))
			within := 1e-4 * max(float64(slices.Max(outputs)), -float64(slices.Min(outputs)))
			if network.shape != "" {
				worker = append(worker, "--shape", network.shape)
			}
			frames := []string{"--frames", "12", "--interval", "40ms"}
			for _, name := range network.inputs {
				frames = append(frames, "--input", name+"="+known(t, network.name+"_"+name+".npy"))
			}
			for cuts := 1; cuts <= 3; cuts++ {
				t.Run(fmt.Sprint(cuts), func(t *testing.T) {
					top := chain(cuts, evenly(t, cuts, worker)).with(nil, worker)
					top.results = filepath.Join(t.TempDir(), "results.jsonl")
					s := newSite(t, top, false)
					for _, name := range []string{"baseline", "balance"} {
						r := s.until(t, whole, append(slices.Clone(frames), "--strategy", name)...)
						if r.Coverage != 100 || r.Delivered != 12 || len(r.Nodes) != cuts+3 {
							t.Errorf("%s: coverage %v, %d delivered, %d nodes", name, r.Coverage, r.Delivered, len(r.Nodes))
						}
						agreeWithin(t, resultsOf(t, top.results, r), outputs, len(outputs), within)
					}
				})
			}
		})
	}
}

// chain is a topology in which each slow node hands over to the next, and end comes after the last.
func chain(length int, cuts []string) topology {
	top := topology{name: "chain", next: map[string][]string{}, only: map[string][]string{"fast": {"--cut", strings.Join(cuts, ",")}}}
	from := "fast"
	for i := 1; i <= length; i++ {
		to := fmt.Sprint("slow", i)
		top.next[from], from = []string{to}, to
	}
	top.next[from] = []string{"end"}
	return top
}

// evenly asks inspect for cuts between which about the same time passes.
func evenly(t *testing.T, cuts int, worker []string) (at []string) {
	t.Helper()
	args := []string{"inspect", "--format", "json"}
	if shape := slices.Index(worker, "--shape"); shape >= 0 {
		args = append(args, worker[shape:][:2]...)
	}
	code, stdout, stderr := tandem(t, append(args, worker[slices.Index(worker, "--model")+1])...)
	var network struct {
		Cuts []struct {
			Index int
			Share float64 `json:"share_before"`
		}
	}
	if err := json.Unmarshal([]byte(stdout), &network); err != nil || code != 0 || len(network.Cuts) < cuts {
		t.Fatalf("inspect: code %d, %v: %s", code, err, stderr)
	}
	left := network.Cuts
	for i := 1; i <= cuts; i++ {
		best := 0 // so many must be left for the others
		for j, c := range left[:len(left)-(cuts-i)] {
			want := float64(i) / float64(cuts+1)
			if math.Abs(c.Share-want) < math.Abs(left[best].Share-want) {
				best = j
			}
		}
		at = append(at, strconv.Itoa(left[best].Index))
		left = left[best+1:]
	}
	return at
}
