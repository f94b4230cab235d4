package role

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	"tandem/pipeline"
)

// trace writes a JSON line for each decision of a strategy. Where it can't, the run goes on, and the first error is
// returned at the end.
type trace struct {
	mu     sync.Mutex
	file   *os.File
	buffer *bufio.Writer
	lines  *json.Encoder
	failed error
}

func createTrace(path string) (*trace, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("--trace: %w", err)
	}
	t := &trace{file: file, buffer: bufio.NewWriter(file)}
	t.lines = json.NewEncoder(t.buffer)
	return t, nil
}

// of returns what takes the decisions of one run.
func (t *trace) of(run string) func(pipeline.Decided) {
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

// flush makes what has been written so far readable.
func (t *trace) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.buffer.Flush(); t.failed == nil {
		t.failed = err
	}
}

func (t *trace) close() error {
	t.flush()
	err := errors.Join(t.failed, t.file.Close())
	if err != nil {
		return fmt.Errorf("--trace: %w", err)
	}
	return nil
}
