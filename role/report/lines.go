package report

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
)

// lines writes JSON lines to a file. Where it can't, the run goes on, and the first error is returned at the end. Several
// goroutines may use it.
type lines struct {
	flag   string // that names the file
	mu     sync.Mutex
	file   *os.File
	buffer *bufio.Writer
	failed error
}

func createLines(flag, path string) (*lines, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return &lines{flag: flag, file: file, buffer: bufio.NewWriter(file)}, nil
}

func (l *lines) write(line any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = cmp.Or(l.failed, json.NewEncoder(l.buffer).Encode(line))
}

// Flush makes what has been written so far readable, and returns the first error.
func (l *lines) Flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed = cmp.Or(l.failed, l.buffer.Flush()); l.failed != nil {
		return fmt.Errorf("%s: %w", l.flag, l.failed)
	}
	return nil
}

// Close returns also what could not be written before.
func (l *lines) Close() error {
	err := l.Flush()
	if open := l.file.Close(); open != nil {
		err = errors.Join(err, fmt.Errorf("%s: %w", l.flag, open))
	}
	return err
}
