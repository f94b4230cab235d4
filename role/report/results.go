package report

import (
	"fmt"
	"os"
	"strings"
	"time"

	"tandem/pipeline"
)

// Results writes one JSON line for each delivered frame, as it arrives.
type Results struct {
	*lines
	classes []string // their names; empty: not known
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
	Source  string  `json:"source,omitempty"` // the stream that the frame comes from, where the client has several
	Node    string  `json:"node"`             // role of the node that ran the last layer
	Address string  `json:"address"`          // of that node
}

// CreateResults creates the file, and reads the names of the classes from another one where it is named.
func CreateResults(path, classes string) (*Results, error) {
	names, err := readClasses(classes)
	if err != nil {
		return nil, err
	}
	l, err := createLines("--results", path)
	return &Results{l, names}, err
}

// readClasses reads the names of the classes, one on each line.
func readClasses(path string) ([]string, error) {
	if path == "" {
		return nil, nil
	}
	const most = 1 << 20 // bytes
	if info, err := os.Stat(path); err == nil && info.Size() > most {
		return nil, fmt.Errorf("--classes %s: it has %d bytes, and at most %d are allowed: one name on each line", path, info.Size(), most)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--classes: %w", err)
	}
	names := strings.TrimPrefix(string(text), "\ufeff") // the byte order mark of some editors
	return strings.Split(strings.TrimRight(strings.ReplaceAll(names, "\r\n", "\n"), "\n"), "\n"), nil
}

// Write hands on the line of a frame, and does not wait until it is written.
func (w *Results) Write(run string, f *pipeline.Frame) {
	class, score := f.Top()
	line := Result{
		Run: run, ID: f.ID, Class: class, Score: score,
		AgeMS: float64(f.Age/time.Microsecond) / 1000, Source: f.Source, Node: f.By.Role, Address: f.By.Address,
	}
	if class >= 0 && class < len(w.classes) {
		line.Name = w.classes[class]
	}
	if label := f.Label; label != pipeline.NoLabel {
		line.Label = &label
	}
	w.write(line)
}
