package answer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"tandem/pipeline"
)

// table is answers as numpy has them: a column for each output, and a row for each answer, in the order in which they arrive.
type table struct {
	path    string
	create  func() (*os.File, error) // for a column
	beside  []field                  // what has a column beside the outputs
	columns []*column                // of the outputs, and of what is beside them; none: there is no answer yet
	rows    int64
	lost    missing
	moved   atomic.Int64

	mu      sync.Mutex
	outputs []pipeline.Tensor // that a row has
}

// field is what a frame brings beside its outputs.
type field struct {
	name, kind string
	names      *texts // nil: it is a number
	add        func(*column, *Answer)
}

func (t *table) Progress() (int64, error) { return t.moved.Load(), nil }

// Begin refuses a run whose answers are no rows of this table.
func (t *table) Begin(run pipeline.Run) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.outputs) > 0 && len(run.Outputs) > 0 && !alike(t.outputs, run.Outputs) {
		return fmt.Errorf("%w %s: the network gives %s, and the rows of --results %s are %s: start end again, with another file, or with one of JSON lines",
			pipeline.ErrInvalidRun, run.ID, describe(run.Outputs), t.path, describe(t.outputs))
	}
	return nil
}

func alike(a, b []pipeline.Tensor) bool {
	return slices.EqualFunc(a, b, func(a, b pipeline.Tensor) bool {
		return a.Name == b.Name && a.Type == b.Type && slices.Equal(a.Shape, b.Shape)
	})
}

// describe lists outputs for people.
func describe(outputs []pipeline.Tensor) (text string) {
	for i, o := range outputs {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s %v", o.Name, o.Shape)
	}
	return text
}

// tensors are the outputs of an answer without their values.
func (a *Answer) tensors() (all []pipeline.Tensor) {
	for _, o := range a.Outputs {
		all = append(all, pipeline.Tensor{Name: o.Name, Type: o.Type, Shape: o.Shape})
	}
	return all
}

// whole reports whether each output has as many values as its shape says.
func (a *Answer) whole() bool {
	return !slices.ContainsFunc(a.Outputs, func(o Output) bool { return len(o.Values) != pipeline.Volume(o.Shape) })
}

// Put writes rows. Of one that finds no room on the disk nothing stays.
func (t *table) Put(_ context.Context, answers []*Answer) {
	const most = 256 // rows that are written at once
	for some := range slices.Chunk(answers, most) {
		n := int64(0)
		for _, a := range some {
			if err := t.add(a); err != nil {
				t.lost.add(1, err)
				continue
			}
			n++
		}
		if err := t.write(n); err != nil {
			t.lost.add(n, err)
		}
		t.moved.Add(1)
	}
}

// add adds the row of an answer to what is pending.
func (t *table) add(a *Answer) error {
	outputs := a.tensors()
	if len(t.columns) == 0 {
		if err := t.lay(outputs); err != nil {
			return err
		}
	}
	if !alike(t.outputs, outputs) || !a.whole() {
		return fmt.Errorf("it is %s, and the rows are %s", describe(outputs), describe(t.outputs))
	}
	for i, o := range a.Outputs {
		t.columns[i].addFloats(o.Values...)
	}
	for i, f := range t.beside {
		f.add(t.columns[len(outputs)+i], a)
	}
	return nil
}

// lay makes the columns for rows of such outputs. A field that has the name of an output gets another one.
func (t *table) lay(outputs []pipeline.Tensor) error {
	begin := func(name, kind string, shape []int) error {
		file, err := t.create()
		if err == nil {
			t.columns = append(t.columns, &column{name: name, kind: kind, shape: shape, file: file})
		}
		return err
	}
	taken := func(name string) bool {
		return slices.ContainsFunc(outputs, func(o pipeline.Tensor) bool { return o.Name == name })
	}
	var errs []error
	for _, o := range outputs {
		errs = append(errs, begin(o.Name, npyKind(o.Type), o.Shape))
	}
	for _, f := range t.beside {
		name := f.name
		for taken(name) || f.names != nil && taken(name+"s") {
			name += "_"
		}
		errs = append(errs, begin(name, f.kind, nil))
	}
	errs = append(errs, t.grow(0))
	if err := errors.Join(errs...); err != nil {
		_ = t.Close()
		t.columns = nil // the next answer tries again
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.outputs = outputs
	return nil
}

// write writes n rows that are pending, into all columns or none.
func (t *table) write(n int64) (err error) {
	for _, c := range t.columns {
		if err == nil {
			err = c.write(t.rows)
		}
		c.pending = c.pending[:0]
	}
	if err == nil {
		err = t.grow(t.rows + n)
	}
	if err == nil {
		t.rows += n
	}
	return err
}

func (t *table) grow(rows int64) error {
	for _, c := range t.columns {
		if err := c.grow(rows); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) Flush(context.Context) (int64, error) { return t.lost.take() }

func (t *table) Close() error {
	var errs []error
	for _, c := range t.columns {
		errs = append(errs, c.file.Close())
	}
	return errors.Join(errs...)
}

var errNoFile = errors.New("it is a folder or a device, and a file is needed")

// makeRoom takes away what an earlier process has left at a path, and makes sure that a file can be made there.
func makeRoom(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return errNoFile
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(path))
}

// array is a .npy file with the one output that a network has. It can be read at any time.
type array struct{ table }

func createArray(path string) (*array, error) {
	a := &array{table{path: path, create: func() (*os.File, error) { return os.Create(path) }}}
	return a, makeRoom(path)
}

func (a *array) Begin(run pipeline.Run) error {
	if len(run.Outputs) > 1 {
		return fmt.Errorf("%w %s: the network gives %s, and --results %s has room for one output: name a .npz file on end",
			pipeline.ErrInvalidRun, run.ID, describe(run.Outputs), a.path)
	}
	return a.table.Begin(run)
}
