package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"tandem/pipeline"
)

// Results writes one JSON line for each delivered frame, as it arrives.
type Results struct {
	mu      sync.Mutex
	file    *os.File
	classes []string // their names; empty: not known
	err     error    // the first; later lines are dropped
}

// Result is one line.
type Result struct {
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

// CreateResults creates the file, and reads the names of the classes from another one where it is named.
func CreateResults(path, classes string) (*Results, error) {
	names, err := readClasses(classes)
	if err != nil {
		return nil, err
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("--results: %w", err)
	}
	return &Results{file: file, classes: names}, nil
}

// Write writes the line of a frame.
func (w *Results) Write(run string, f *pipeline.Frame) {
	class, score := f.Top()
	line := Result{
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

// Failed returns the first error of writing.
func (w *Results) Failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return fmt.Errorf("--results: %w", w.err)
	}
	return nil
}

// Close reports also what could not be written before.
func (w *Results) Close() error {
	if err := w.file.Close(); err != nil {
		return errors.Join(w.Failed(), fmt.Errorf("--results: %w", err))
	}
	return w.Failed()
}
