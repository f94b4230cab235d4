package input

import (
	"cmp"
	"fmt"
	"slices"

	"tandem/pipeline"
	"tandem/transport"
)

// rows are the rows of a .npy file, again from the first after the last.
type rows struct {
	path  string
	kind  string // of the file's elements
	shape []int  // of the file; the first dimension is the rows
	data  []float32
	size  int // of a row
}

func openRows(path string) (*rows, error) {
	r := &rows{path: path}
	var err error
	r.data, r.kind, r.shape, err = readNumbers(path)
	if err != nil {
		return nil, fmt.Errorf("--input %s: %w", path, err)
	}
	if len(r.shape) == 0 { // a single number
		r.shape = []int{1}
	}
	if i := slices.IndexFunc(r.data, notFinite); i >= 0 {
		return nil, fmt.Errorf("--input %s: value %d of row %d is %v: only finite values are allowed, so mend or leave out the row",
			path, i%(len(r.data)/r.shape[0]), i/(len(r.data)/r.shape[0]), r.data[i])
	}
	return r, nil
}

func (r *rows) Fit(want transport.Input) error {
	r.size = pipeline.Volume(want.Shape)
	switch row := pipeline.Volume(r.shape[1:]); {
	case len(r.data) == r.size: // it is one frame
		r.shape = []int{1, r.size}
	case len(want.Shape) > 1 && row == pipeline.Volume(want.Shape[1:]) && r.shape[0]%want.Shape[0] == 0: // of so many rows
		r.shape = []int{r.shape[0] / want.Shape[0], r.size}
	}
	if len(r.shape) < 2 && r.size > 1 || pipeline.Volume(r.shape[1:]) != r.size {
		return fmt.Errorf("--input %s: its shape is %v, and the model takes frames of shape %v of %s: it must be [frames %d]",
			r.path, r.shape, want.Shape, cmp.Or(want.Type, "float32"), r.size)
	}
	if at, why := misfit(r.data, want.Type); at >= 0 {
		return fmt.Errorf("--input %s: value %d of row %d is %v, and the input %s holds %s: %s", r.path, at%r.size, at/r.size, r.data[at], want.Name, want.Type, why)
	}
	return nil
}

func (r *rows) Count() int { return r.shape[0] }

func (r *rows) Next(i uint64) ([]float32, error) {
	at := int(i%uint64(r.shape[0])) * r.size
	return r.data[at : at+r.size], nil
}
