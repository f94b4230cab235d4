package answer

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/rs/zerolog"

	"tandem/pipeline"
)

// Wanted says where answers go, beside those who subscribe over the network. A new sink is a file of this package, and a line in
// Open.
type Wanted struct {
	Results string // file: .npz, .npy, or JSON lines; empty: none
	Publish Broker // zero: none
	Full    bool   // with the values of the outputs; files of numpy have them anyway
	Name    string // of this process, and of no other on a broker
	Log     zerolog.Logger
}

// Sinks are where the answers of a process go.
type Sinks []*Feed

// Open opens what is wanted.
func Open(w Wanted, from *Fan) (Sinks, error) {
	var all Sinks
	feed := func(flag string, brief bool, to Sink) error {
		f, err := newFeed(flag, from, brief, to, w.Log)
		if err != nil {
			return errors.Join(err, to.Close(), all.Close())
		}
		all = append(all, f)
		return nil
	}
	if w.Results != "" {
		file, numpy, err := openFile(w.Results)
		if err != nil {
			return nil, fmt.Errorf("--results: %w", err)
		}
		if err := feed("--results", !numpy && !w.Full, file); err != nil {
			return nil, err
		}
	}
	if w.Publish != (Broker{}) {
		if err := feed("--publish", !w.Full, publish(w.Publish, w.Name, w.Log)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// openFile makes the file of results, whose name says what it holds.
func openFile(path string) (file Sink, numpy bool, err error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".npz":
		file, err = createNPZ(path)
		return file, true, err
	case ".npy":
		file, err = createArray(path)
		return file, true, err
	}
	file, err = createJSONL(path)
	return file, false, err
}

// Begin refuses a run whose outputs do not fit a sink.
func (s Sinks) Begin(run pipeline.Run) error {
	for _, f := range s {
		if err := f.Begin(run); err != nil {
			return err
		}
	}
	return nil
}

// Flush makes safe what has been published so far, and says what is missing since the last time, an error for each sink that
// lacks something.
func (s Sinks) Flush() []error { return s.each((*Feed).Flush) }

// Close gives the sinks time for what waits, and returns all that is missing.
func (s Sinks) Close() error { return errors.Join(s.each((*Feed).Close)...) }

// each waits for the slowest.
func (s Sinks) each(do func(*Feed) error) []error {
	errs := make([]error, len(s))
	var all sync.WaitGroup
	for i, f := range s {
		all.Go(func() { errs[i] = do(f) })
	}
	all.Wait()
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}
