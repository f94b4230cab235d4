package answer

import (
	"fmt"
	"math"
	"os"
	"strings"

	"tandem/pipeline"
)

// Reading is how the first output of a network is read.
type Reading struct {
	Classes []string // the names of its numbers; none: they are not known
	Softmax bool     // make probabilities of logits
}

// NewReading reads the names of the classes from a file; "": they are not known.
func NewReading(classes string, softmax bool) (Reading, error) {
	names, err := readClasses(classes)
	return Reading{Classes: names, Softmax: softmax}, err
}

// readClasses reads names from a file, one on each line.
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
	if names = strings.TrimRight(strings.ReplaceAll(names, "\r\n", "\n"), "\n"); names == "" {
		return nil, fmt.Errorf("--classes %s: it is empty: write one name on each line", path)
	}
	return strings.Split(names, "\n"), nil
}

// Begin refuses a run whose first output can't be read so.
func (r Reading) Begin(run pipeline.Run) error {
	if len(run.Outputs) == 0 { // nobody has said what they are
		return nil
	}
	first := run.Outputs[0]
	scores := pipeline.Volume(first.Shape)
	switch n := len(r.Classes); {
	case n > 0 && n != scores && scores > 1 && !isScores(first):
		return fmt.Errorf("%w %s: --classes names the scores of a list, and the network's first output is %s %v: leave it out",
			pipeline.ErrInvalidRun, run.ID, first.Name, first.Shape)
	case n > 0 && n != scores:
		return fmt.Errorf("%w %s: --classes has %d lines, and the network's first output, %s %v, has %d numbers: give a line to each",
			pipeline.ErrInvalidRun, run.ID, n, first.Name, first.Shape, scores)
	case r.Softmax && !first.Probability && !isScores(first):
		return fmt.Errorf("%w %s: --softmax is for a score for each class, and the network's first output is %s %v: leave it out",
			pipeline.ErrInvalidRun, run.ID, first.Name, first.Shape)
	}
	return nil
}

// isScores says that an output is one list of two or more numbers, however they are wrapped, as in [1000] and [1000 1 1].
func isScores(t pipeline.Tensor) bool {
	long := 0
	for _, d := range t.Shape {
		if d > 1 {
			long++
		}
	}
	return long == 1 && !t.Integer()
}

// What a score is.
const (
	Probability = "probability"
	Logit       = "logit" // and any other number that is no probability
)

// Of is the answer that a frame has brought, read so.
func (r Reading) Of(run pipeline.Run, f *pipeline.Frame) Answer {
	a := Of(run, f)
	if a.Class >= 0 && a.Class < len(r.Classes) {
		a.Name = r.Classes[a.Class]
	}
	if a.Class < 0 { // it has no numbers
		return a
	}
	first := &a.Outputs[0]
	t := pipeline.Tensor{Shape: first.Shape, Type: first.Type}
	a.ScoreIs = Logit
	switch {
	case len(run.Outputs) > 0 && run.Outputs[0].Probability:
		a.ScoreIs = Probability
	case r.Softmax && isScores(t):
		first.Values = softmax(first.Values)
		a.Score, a.ScoreIs = Number(first.Values[a.Class]), Probability
	case t.Integer():
		a.ScoreIs = ""
	}
	return a
}

// softmax returns exp(x) over the sum of all exp(x), as probabilities. What is no number makes all no numbers, as in PyTorch.
func softmax(x []float32) []float32 {
	largest := math.Inf(-1)
	for _, v := range x {
		largest = max(largest, float64(v))
	}
	sum := 0.0
	powers := make([]float64, len(x))
	for i, v := range x {
		powers[i] = math.Exp(float64(v) - largest)
		sum += powers[i]
	}
	y := make([]float32, len(x))
	for i, p := range powers {
		y[i] = float32(p / sum)
	}
	return y
}
