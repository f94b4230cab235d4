package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// Create opens the file that --output names, or what stands for it where the path is empty. An older file is kept until
// the first write.
func Create(path string, stdout io.Writer) (io.WriteCloser, error) {
	if path == "" {
		return kept{stdout}, nil
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("--output: %w", err)
	}
	return &overwriting{File: file}, nil
}

// kept is a writer that is not ours to close.
type kept struct{ io.Writer }

func (kept) Close() error { return nil }

// overwriting empties a file at the first write.
type overwriting struct {
	*os.File
	begun bool
}

func (w *overwriting) Write(b []byte) (int, error) {
	if !w.begun {
		w.begun = true
		if err := w.Truncate(0); err != nil && !errors.Is(err, syscall.EINVAL) { // a pipe or terminal has nothing to empty
			return 0, err
		}
	}
	return w.File.Write(b)
}
