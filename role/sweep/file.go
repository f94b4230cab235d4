package sweep

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"tandem/pipeline"
)

// line is one run in the file: its report, and the point of the grid that it is. Pipelines that are played at the same time are
// one point.
type line struct {
	Point     string `json:"point"`
	Pipeline  int    `json:"pipeline,omitempty"`  // which one, from 1 on; 0: it is alone
	Pipelines int    `json:"pipelines,omitempty"` // of so many
	pipeline.Report
}

// figures are what the table needs of a run. There may be very many of them.
type figures struct{ coverage, rate, age float64 }

func figuresOf(r *pipeline.Report) figures { return figures{r.Coverage, r.Rate, r.Latency.P95} }

// file is where the lines go. Points that it has already are not played again.
type file struct {
	to   io.Writer
	open *os.File             // nil: it is not ours to close
	done map[string][]figures // the pipelines of each point
}

// openFile opens the file of that name, or takes what stands for it where the name is empty. What was cut short when a
// sweep was interrupted goes: a last line, and the pipelines of its point before it.
func openFile(path string, stdout io.Writer) (*file, error) {
	f := &file{to: stdout, done: make(map[string][]figures)}
	if path == "" {
		return f, nil
	}
	open, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("--output: %w", err)
	}
	whole, begun, lines := int64(0), int64(0), 0 // bytes: of whole points, and of the one that has begun
	var point []figures
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
			return nil, errors.Join(fmt.Errorf("--output %s, line %d: %w: it is no file of a sweep: name another one", path, lines+1, err), open.Close())
		}
		lines++
		begun += int64(len(text))
		if point = append(point, figuresOf(&l.Report)); l.Pipeline == l.Pipelines {
			f.done[l.Point] = point
			whole, begun, point = whole+begun, 0, nil
		}
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

// add writes the reports of a point in one piece: a line for each pipeline.
func (f *file) add(p point, reports []pipeline.Report) error {
	var text bytes.Buffer
	var point []figures
	for i := range reports {
		l := line{Point: p.name, Report: reports[i]}
		if len(reports) > 1 {
			l.Pipeline, l.Pipelines = i+1, len(reports)
		}
		if err := json.NewEncoder(&text).Encode(l); err != nil {
			return err
		}
		point = append(point, figuresOf(&reports[i]))
	}
	f.done[p.name] = point
	_, err := f.to.Write(text.Bytes())
	return err
}

func (f *file) close() error {
	if f.open == nil {
		return nil
	}
	return f.open.Close()
}
