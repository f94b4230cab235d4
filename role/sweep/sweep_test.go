package sweep

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem/role/options"
)

func TestExpand(t *testing.T) {
	for text, want := range map[string]string{
		"7": "7", "1,5,9": "1,5,9", "1..4": "1,2,3,4", "5..20/5": "5,10,15,20", "1..3,10": "1,2,3,10",
		"20ms..30ms/5ms": "20ms,25ms,30ms", "alternate,balance": "alternate,balance",
	} {
		got, err := expand(text)
		if err != nil || strings.Join(got, ",") != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"4..1", "1..x", "1..5/0", "1..5/-1", "20ms..60ms", "20ms..60/2ms", "60ms..20ms/2ms", "0..1000000000", "..", "1.."} {
		if got, err := expand(text); err == nil {
			t.Errorf("%q: %d values", text, len(got))
		}
	}
}

// Each point is there once: a strategy without a parameter is not played for each of its values.
func TestGrid(t *testing.T) {
	g, err := newGrid(options.Given{"strategy": {"alternate,balance"}, "tasks": {"1..3"}, "interval": {"20ms,30ms"}, "seed": {"5"}}, "1", false, 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(g.points) != (3+1)*2*2 || !slices.Equal(g.vary, []string{"strategy", "tasks", "interval"}) {
		t.Errorf("%d points, of which %v vary", len(g.points), g.vary)
	}
	if p := g.points[1]; p.name != "interval=20ms seed=6 strategy=alternate tasks=1" {
		t.Errorf("the second point is %s", p.name)
	}
}

func newSweep(t *testing.T, given options.Given, to io.Writer) *sweep {
	t.Helper()
	s := &sweep{seeds: 3, pipelines: "1,3", simulate: true, stdout: to, stderr: io.Discard}
	var err error
	if s.grid, err = newGrid(given, s.pipelines, false, s.seeds); err != nil {
		t.Fatal(err)
	}
	return s
}

// A sweep that was interrupted at any byte goes on, and has each point once, as if it had not been interrupted.
func TestAnInterruptedSweepIsResumed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "grid.jsonl")
	given := options.Given{"strategy": {"alternate,balance"}, "tasks": {"5,20"}, "frames": {"60"}, "output": {path}}
	if err := newSweep(t, given, io.Discard).run(t.Context()); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	second := bytes.Index(whole, []byte(`,"pipeline":2`)) // the point of this line has begun
	second = bytes.LastIndexByte(whole[:second], '\n') + 1
	for _, cut := range []int{0, 1, second, len(whole) / 3, len(whole) / 2, bytes.IndexByte(whole, '\n') + 1, len(whole) - 1, len(whole)} {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		var table bytes.Buffer
		if err := newSweep(t, given, &table).run(t.Context()); err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if again, _ := os.ReadFile(path); !bytes.Equal(again, whole) {
			t.Errorf("cut at %d: the file is another one", cut)
		}
		if !strings.Contains(table.String(), "coverage") {
			t.Errorf("cut at %d: table %q", cut, table.String())
		}
	}
	seen, points := make(map[string]bool), make(map[string]bool)
	for text := range strings.Lines(string(whole)) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil || !l.Simulated || seen[fmt.Sprint(l.Point, l.Pipeline)] {
			t.Errorf("line %q: %v", text, err)
		}
		seen[fmt.Sprint(l.Point, l.Pipeline)], points[l.Point] = true, true
	}
	if n := (2 + 1) * 3; len(points) != 2*n || len(seen) != n+3*n {
		t.Errorf("%d points, %d runs", len(points), len(seen))
	}
}

// One that is interrupted says how to go on, and has written what was done.
func TestInterruptedSweep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "grid.jsonl")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	err := newSweep(t, options.Given{"strategy": {"balance"}, "output": {path}}, io.Discard).run(ctx)
	if err == nil || !strings.Contains(err.Error(), "the same command goes on") {
		t.Errorf("error %v", err)
	}
}

func TestAFileOfSomethingElseIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(path, []byte("my notes\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := newSweep(t, options.Given{"strategy": {"balance"}, "output": {path}}, io.Discard).run(t.Context())
	if text, _ := os.ReadFile(path); err == nil || string(text) != "my notes\n" {
		t.Errorf("error %v, and the file has %q", err, text)
	}
}
