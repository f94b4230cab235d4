package role

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/role/device"
)

// A trace can be read as soon as a run is closed, and has a line for each decision of each run.
func TestTraceFile(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.SlowNodes, c.Frames, c.Queue = 2, 60, 2
		c.Trace = filepath.Join(t.TempDir(), "trace.jsonl")
		c.Emulate = device.Emulation{Name: "test", Tail: device.Always(10 * time.Millisecond), Load: device.Always(20 * time.Millisecond)}
		nodes := startQuick(t, c)
		for _, name := range []string{"baseline", "balance"} {
			r, err := nodes.run(t.Context(), c, name)
			if err != nil {
				t.Fatal(err)
			}
			fast := r.Nodes[1]
			lines := int64(0)
			text, err := os.ReadFile(c.Trace)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(text)) {
				var d struct {
					Run string
					pipeline.Decided
				}
				decoder := json.NewDecoder(strings.NewReader(line))
				decoder.DisallowUnknownFields()
				if err := decoder.Decode(&d); err != nil {
					t.Fatalf("%v: %q", err, line)
				}
				if d.Run != r.Run {
					continue
				}
				lines++
				if d.Node != "fast" || d.Decision == "" || d.State == "" || d.Capacity != 2 || len(d.Slow) != 2 || d.Frame >= 60 {
					t.Errorf("line %s", line)
				}
			}
			if least := fast.Received - fast.Refused; lines < least || name == "baseline" && lines != least {
				t.Errorf("%s: %d lines, and fast took %d frames", name, lines, least)
			}
		}
	})
}

func TestTraceFileThatCanNotBeWritten(t *testing.T) {
	c := quick()
	c.Trace = filepath.Join(t.TempDir(), "missing", "trace.jsonl")
	if _, err := startLocal(t.Context(), c); err == nil || !strings.Contains(err.Error(), "--trace") {
		t.Errorf("error %v", err)
	}
}

// A disk that is full costs no frame, and is told of in the report and at the end.
func TestFullDiskIsReported(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		if _, err := os.Stat("/dev/full"); err != nil {
			t.Skip(err)
		}
		c.Frames, c.Queue, c.Trace, c.Results = 20, 20, "/dev/full", "/dev/full"
		nodes, err := startLocal(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		r, failed := nodes.run(t.Context(), c, "baseline")
		if failed != nil || r.Coverage < 100 {
			t.Errorf("%.1f %% have arrived: %v", r.Coverage, failed)
		}
		stopped := nodes.stop()
		for _, flag := range []string{"fast could not write --trace: ", "end could not write --results: "} {
			if n := strings.Count(strings.Join(r.Notes, "\n"), flag); n != 1 {
				t.Errorf("%q stands %d times in the notes %q", flag, n, r.Notes)
			}
			if _, file, _ := strings.Cut(flag, "write "); !errors.Is(stopped, syscall.ENOSPC) || !strings.Contains(stopped.Error(), file) {
				t.Errorf("at the end: %v", stopped)
			}
		}
	})
}

// What is left out has its place in the report and under the table.
func TestFramesThatAreLeftOutAreShown(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*setup)
		says   string
		count  func(pipeline.Entry) int64
	}{
		{"drop oldest", func(c *setup) { c.Drop, c.Queue = pipeline.DropOldest, 1 }, "frames dropped for newer ones, 0 expired",
			func(e pipeline.Entry) int64 { return e.Dropped }},
		{"max age", func(c *setup) { c.MaxAge, c.Queue = 10*time.Millisecond, 10 }, "0 frames dropped for newer ones, ",
			func(e pipeline.Entry) int64 { return e.Expired }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := quick()
			cfg.Strategy, cfg.Frames = "baseline", 60
			cfg.Emulate = device.Emulation{Name: "test", Tail: device.Always(20 * time.Millisecond)}
			c.change(&cfg)
			var table bytes.Buffer
			cfg.Stdout = &table
			if err := Run(t.Context(), cfg.Options); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(table.String(), c.says) {
				t.Errorf("the table does not say %q:\n%s", c.says, table.String())
			}
			onOneHost(t, func(t *testing.T, host setup) {
				cfg.network, cfg.Stdout = host.network, io.Discard
				r, err := startQuick(t, cfg).run(t.Context(), cfg, "baseline")
				if err != nil {
					t.Fatal(err)
				}
				checkLedgers(t, r, 1)
				if slow := r.Nodes[2]; c.count(slow) == 0 || c.count(slow)+slow.Finished+slow.Refused != slow.Received {
					t.Errorf("%v", slow)
				}
			})
		})
	}
}
