package report

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// lines writes JSON lines to a file, beside the work that they tell of: a card that is slow or full holds up no frame.
//
//	write ──▶ [ at most 4096 wait ] ──▶ own ──▶ file
//	             full: left out, and counted
//
// Where something can't be written the run goes on, and its end is told. Several goroutines may use it.
type lines struct {
	flag    string // that names the file
	file    *os.File
	waiting chan any // lines and flushes, in their order

	mu     sync.Mutex
	closed bool
	out    int // lines that found no place since the last flush
	allOut int // and ever
}

// maxLines is how many wait for the file.
const maxLines = 4096

// flushTime is how long a file may take for what waits.
const flushTime = 5 * time.Second

// flush asks for what came before it to be written, and is answered once it is.
type flush struct {
	answer chan error
	last   bool // nothing comes after it
}

func createLines(flag, path string) (*lines, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	l := &lines{flag: flag, file: file, waiting: make(chan any, maxLines)}
	go l.own() // Close waits for its last answer
	return l, nil
}

// write hands on a line, and waits for nothing. The line must not change afterwards.
func (l *lines) write(line any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		select {
		case l.waiting <- line:
			return
		default:
		}
	}
	l.out++
	l.allOut++
}

// own writes all lines, and remembers the first error.
func (l *lines) own() {
	buffer := bufio.NewWriter(l.file)
	encoder := json.NewEncoder(buffer)
	var failed error
	for next := range l.waiting {
		switch next := next.(type) {
		case flush:
			failed = cmp.Or(failed, buffer.Flush())
			next.answer <- failed
			if next.last {
				return
			}
		default:
			failed = cmp.Or(failed, encoder.Encode(next))
			if len(l.waiting) == 0 { // somebody may read along
				failed = cmp.Or(failed, buffer.Flush())
			}
		}
	}
}

// flushed waits until what was written so far can be read, and returns the first error.
func (l *lines) flushed(last bool) error {
	patience := time.NewTimer(flushTime)
	defer patience.Stop()
	f := flush{make(chan error, 1), last}
	late := fmt.Errorf("%s: the file has not taken all lines within %s", l.flag, flushTime)
	select {
	case l.waiting <- f:
	case <-patience.C:
		return late
	}
	select {
	case err := <-f.answer:
		if err != nil {
			err = fmt.Errorf("%s: %w", l.flag, err)
		}
		return err
	case <-patience.C:
		return late
	}
}

// Flush makes what has been written so far readable, and returns the first error, or that lines are missing since the last
// Flush.
func (l *lines) Flush() error {
	err := l.flushed(false)
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.out
	l.out = 0
	return l.missing(out, err)
}

// missing adds to an error, which may be nil, that n lines found no place.
func (l *lines) missing(n int, err error) error {
	switch {
	case n == 0:
		return err
	case err != nil:
		return fmt.Errorf("%w, and %d lines are missing", err, n)
	}
	return fmt.Errorf("%s: %d lines are missing, as the file took them more slowly than they came", l.flag, n)
}

// Close returns also what could not be written before.
func (l *lines) Close() error {
	l.mu.Lock()
	l.closed = true
	out := l.allOut
	l.mu.Unlock()
	err := l.missing(out, l.flushed(true))
	if open := l.file.Close(); open != nil {
		err = errors.Join(err, fmt.Errorf("%s: %w", l.flag, open))
	}
	return err
}
