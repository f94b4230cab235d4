package role

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"tandem/pipeline"
)

// resultsFile writes one JSON line for each delivered frame, as it arrives.
type resultsFile struct {
	mu      sync.Mutex
	file    *os.File
	classes []string // their names; empty: not known
	err     error    // the first; later lines are dropped
}

// result is one line.
type result struct {
	Run     string  `json:"run"`
	ID      uint64  `json:"id"`
	Class   int     `json:"class"` // index of the largest output
	Name    string  `json:"name,omitempty"`
	Score   float32 `json:"score"` // that output
	Label   *int    `json:"label,omitempty"`
	AgeMS   float64 `json:"age_ms"`
	Node    string  `json:"node"`    // role of the node that ran the last layer
	Address string  `json:"address"` // of that node
}

func createResults(path, classes string) (*resultsFile, error) {
	names, err := readClasses(classes)
	if err != nil {
		return nil, err
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("--results: %w", err)
	}
	return &resultsFile{file: file, classes: names}, nil
}

func (w *resultsFile) write(run string, f *pipeline.Frame) {
	class, score := f.Top()
	line := result{
		Run: run, ID: f.ID, Class: class, Score: score,
		AgeMS: float64(f.Age/time.Microsecond) / 1000, Node: f.By.Role, Address: f.By.Address,
	}
	if class >= 0 && class < len(w.classes) {
		line.Name = w.classes[class]
	}
	if f.Label != pipeline.NoLabel {
		line.Label = &f.Label
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = json.NewEncoder(w.file).Encode(line)
	}
}

// failed returns the first error of writing.
func (w *resultsFile) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return fmt.Errorf("--results: %w", w.err)
	}
	return nil
}

// close reports also what could not be written before.
func (w *resultsFile) close() error {
	if err := w.file.Close(); err != nil {
		return errors.Join(w.failed(), fmt.Errorf("--results: %w", err))
	}
	return w.failed()
}
