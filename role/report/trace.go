package report

import "tandem/pipeline"

// Trace writes a JSON line for each decision of a strategy.
type Trace struct{ *lines }

// CreateTrace creates the file.
func CreateTrace(path string) (*Trace, error) {
	l, err := createLines("--trace", path)
	return &Trace{l}, err
}

// Of returns what takes the decisions of one run, and waits for no file.
func (t *Trace) Of(run string) func(pipeline.Decided) {
	return func(d pipeline.Decided) {
		t.write(struct {
			Run string `json:"run"`
			pipeline.Decided
		}{run, d})
	}
}
