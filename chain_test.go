package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem/pipeline"
	"tandem/role"
)

// A network is cut twice and spread over three processes, as the README has it; fast and the first slow node each say
// what they decided.
func TestChainAcrossProcesses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	worker := []string{"--model", "model/testdata/digits_cnn.onnx", "--queue", "3", "--emulate", "head=2ms,tail=20ms,15ms@1s,load=20ms"}
	s := &site{
		nodes: map[role.Role]*process{}, flags: map[role.Role][]string{},
		address: map[role.Role]string{role.End: loopback(2), role.Slow: loopback(3), role.Fast: loopback(4)},
		results: filepath.Join(folder, "results.jsonl"),
	}
	node := func(r role.Role, flags ...string) {
		s.flags[r] = flags
		s.start(t, r)
	}
	traces := map[role.Role]string{role.Fast: filepath.Join(folder, "fast.jsonl"), role.Slow: filepath.Join(folder, "slow.jsonl")}
	node(role.End, "--results", s.results, "--format", "json")
	end := s.address[role.End]
	node(role.Slow, append(worker, "--next", end)...)
	last := s.address[role.Slow]
	s.address[role.Slow] = loopback(5) // the first one is a process beside it
	node(role.Slow, append(worker, "--next", last, "--end", end, "--trace", traces[role.Slow])...)
	node(role.Fast, append(worker, "--next", s.address[role.Slow], "--end", end, "--cut", "3", "--cut", "7", "--trace", traces[role.Fast])...)
	for _, name := range []string{"alternate", "balance", "replicate"} {
		r := s.run(t, "--input", images, "--frames", "80", "--interval", "5ms", "--tasks", "5", "--strategy", name)
		if !slices.Equal(r.Cuts, []int{3, 7}) || r.Cut != 3 || len(r.Nodes) != 5 {
			t.Errorf("%s: cuts %v (%d), %d nodes", name, r.Cuts, r.Cut, len(r.Nodes))
		}
		agree(t, resultsOf(t, s.results, r), "model/testdata/digits_cnn_probabilities.npy")
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
