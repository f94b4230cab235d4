package sweep

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"tandem/pipeline"
)

// line is one run in the file: its report, and the point of the grid that it is.
type line struct {
	Point string `json:"point"`
	pipeline.Report
}

// file is where the lines go. Points that it has already are not played again.
type file struct {
	to   io.Writer
	open *os.File // nil: it is not ours to close
	done map[string]pipeline.Report
}

// openFile opens the file of that name, or takes what stands for it where the name is empty. A last line that was cut short when
// a sweep was interrupted goes.
func openFile(path string, stdout io.Writer) (*file, error) {
	f := &file{to: stdout, done: make(map[string]pipeline.Report)}
	if path == "" {
		return f, nil
	}
	open, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("--output: %w", err)
	}
	whole := int64(0)
	for r := bufio.NewReader(open); ; {
		text, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) { // what is left is cut short
			break
		}
		var l line
		if err == nil {
			err = json.Unmarshal(text, &l)
		}
		if err == nil && l.Point == "" {
			err = errors.New("it has no point of a sweep")
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("--output %s, line %d: %w: it is no file of a sweep: name another one", path, len(f.done)+1, err), open.Close())
		}
		whole += int64(len(text))
		f.done[l.Point] = l.Report
	}
	if err = open.Truncate(whole); err == nil {
		_, err = open.Seek(whole, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("--output: %w", err), open.Close())
	}
	f.to, f.open = open, open
	return f, nil
}

// add writes a line in one piece.
func (f *file) add(p point, r pipeline.Report) error {
	text, err := json.Marshal(line{p.name, r})
	if err != nil {
		return err
	}
	f.done[p.name] = r
	_, err = f.to.Write(append(text, '\n'))
	return err
}

func (f *file) close() error {
	if f.open == nil {
		return nil
	}
	return f.open.Close()
}
