package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	"tandem/pipeline"
)

// Trace writes a JSON line for each decision of a strategy. Where it can't, the run goes on, and the first error is
// returned at the end.
type Trace struct {
	mu     sync.Mutex
	file   *os.File
	buffer *bufio.Writer
	lines  *json.Encoder
	failed error
}

// CreateTrace creates the file.
func CreateTrace(path string) (*Trace, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("--trace: %w", err)
	}
	t := &Trace{file: file, buffer: bufio.NewWriter(file)}
	t.lines = json.NewEncoder(t.buffer)
	return t, nil
}

// Of returns what takes the decisions of one run.
func (t *Trace) Of(run string) func(pipeline.Decided) {
	return func(d pipeline.Decided) {
		t.mu.Lock()
		defer t.mu.Unlock()
		err := t.lines.Encode(struct {
			Run string `json:"run"`
			pipeline.Decided
		}{run, d})
		if t.failed == nil {
			t.failed = err
		}
	}
}

// Flush makes what has been written so far readable.
func (t *Trace) Flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.buffer.Flush(); t.failed == nil {
		t.failed = err
	}
}

// Close returns also what could not be written before.
func (t *Trace) Close() error {
	t.Flush()
	err := errors.Join(t.failed, t.file.Close())
	if err != nil {
		return fmt.Errorf("--trace: %w", err)
	}
	return nil
}
