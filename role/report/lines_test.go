package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tandem/pipeline"
)

func write(t *testing.T, name, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A trace has a line for each decision, with the run that it belongs to.
func TestTraceFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace.jsonl")
	w, err := CreateTrace(path)
	if err != nil {
		t.Fatal(err)
	}
	w.Of("a")(pipeline.Decided{Frame: 3})
	w.Of("b")(pipeline.Decided{Frame: 4})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got string
	for line := range strings.Lines(string(text)) {
		var d struct {
			Run string
			pipeline.Decided
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		got += d.Run + string(rune('0'+d.Frame))
	}
	if got != "a3b4" {
		t.Errorf("%s: %s", got, text)
	}
}

// A disk that is full does not end a run, and is told of until the end.
func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	w, err := CreateTrace("/dev/full")
	if err != nil {
		t.Fatal(err)
	}
	w.Of("r")(pipeline.Decided{})
	for _, err := range []error{w.Flush(), w.Close()} {
		if !errors.Is(err, syscall.ENOSPC) || !strings.HasPrefix(err.Error(), "--trace: ") {
			t.Errorf("error %v", err)
		}
	}
}

// A disk that is slow holds up nobody: what finds no place to wait is left out, and counted for the run that it belongs to.
func TestSlowDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	reader, err := os.OpenFile(path, os.O_RDWR, 0) // which does not wait for the other end
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	w, err := CreateTrace(path)
	if err != nil {
		t.Fatal(err)
	}
	const all = 4 * maxLines // with what a pipe holds
	for i := range uint64(all) {
		w.Of("a")(pipeline.Decided{Frame: i})
	}
	if err := w.missing(3, io.EOF); !errors.Is(err, io.EOF) || !strings.HasSuffix(err.Error(), ", and 3 lines are missing") {
		t.Errorf("beside another error: %v", err)
	}
	read := make(chan int, all)
	go func() { // the disk is there again
		defer close(read)
		lines := json.NewDecoder(reader)
		for {
			var d pipeline.Decided
			if lines.Decode(&d) != nil || d.Node == "last" {
				return
			}
			read <- int(d.Frame)
		}
	}()
	missing, flushes := 0, 0
	flush := func() { // until all that waits is written: this machine may be busy
		for err := w.Flush(); err != nil; err = w.Flush() {
			var n int
			if _, text, found := strings.Cut(err.Error(), ", and "); found {
				_, _ = fmt.Sscanf(text, "%d lines are missing", &n)
			} else {
				_, _ = fmt.Sscanf(err.Error(), "--trace: %d lines are missing", &n)
			}
			missing += n
			if flushes++; flushes > 20 {
				t.Fatal(err)
			}
		}
	}
	flush()
	if flushes == 0 {
		t.Error("nothing is said of what is missing")
	}
	w.Of("b")(pipeline.Decided{Node: "last"})
	before := missing
	if flush(); missing != before {
		t.Errorf("%d lines of a run are missing of which all were written", missing-before)
	}
	written, next := 0, 0
	for frame := range read {
		if frame < next {
			t.Fatalf("%d comes before %d", frame, next)
		}
		written, next = written+1, frame+1
	}
	if missing < all/2 || written+missing != all {
		t.Errorf("of %d lines %d were written, and %d are said to be missing", all, written, missing)
	}
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), "lines are missing") {
		t.Errorf("at the end: %v", err)
	}
}

func TestFilesThatCanNotBeOpened(t *testing.T) {
	absent := filepath.Join(t.TempDir(), "absent", "x")
	_, trace := CreateTrace(absent)
	_, output := Open(Options{Output: absent})
	for says, err := range map[string]error{"--trace": trace, "--output": output} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want one that says %s", err, says)
		}
	}
}

// An older report is kept until there is a new one, and stdout is not ours to close.
func TestOutputIsOverwrittenLate(t *testing.T) {
	path := write(t, "report.json", strings.Repeat("an older report\n", 1000))
	p, err := Open(Options{Format: JSON, Output: path})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || len(text) != 16_000 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	if err := errors.Join(p.Print(pipeline.Report{Run: "r"}), p.Close()); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || !json.Valid(text) || bytes.Count(text, []byte("\n")) != 1 {
		t.Errorf("%s, %v", text, err)
	}
	var out bytes.Buffer
	p, err = Open(Options{Format: CSV, NoHeader: true, Stdout: &out})
	if err := errors.Join(err, p.Print(pipeline.Report{Run: "r"}), p.Close()); err != nil || !strings.HasPrefix(out.String(), "r,") {
		t.Errorf("%s, %v", out.String(), err)
	}
}

func TestFormats(t *testing.T) {
	for _, f := range []Format{Table, JSON, CSV} {
		if got, err := ParseFormat(string(f)); got != f || err != nil {
			t.Errorf("%s: %s, %v", f, got, err)
		}
	}
	if _, err := ParseFormat("JSON"); err == nil || !strings.Contains(err.Error(), "table, json or csv") {
		t.Errorf("error %v", err)
	}
}
