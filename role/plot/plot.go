// Package plot draws reports of many runs, and the trace of one, as SVG or PNG.
package plot

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Picture is what Plot draws, and where to.
type Picture struct {
	Reports []string // files with reports as JSON lines; -: Stdin
	By      string   // the parameter of the horizontal axis; empty: that of the longest line
	And     string   // a second parameter, upwards: a cell for each pair of values; empty: lines are drawn
	Pareto  string   // coverage against age or energy; empty: it is not
	Trace   string   // file with the decisions of a run, in place of reports; -: Stdin
	Run     string   // which run of the trace; empty: the last
	Title   string   // empty: what is drawn
	Output  string   // file for the picture, .svg or .png
	Stdin   io.Reader
}

// Validate reports everything that is wrong with the flags.
func (p Picture) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch {
	case p.Trace == "" && len(p.Reports) == 0:
		bad("there is nothing to draw: name files with reports, as --format json prints them, or --trace FILE")
	case p.Trace != "" && len(p.Reports) > 0:
		bad("--trace draws one run: %q is too much", p.Reports[0])
	case p.Trace != "" && p.By != "":
		bad("--by means nothing with --trace, whose horizontal axis is the time")
	case p.Trace == "" && p.Run != "":
		bad("--run %s chooses a run of --trace, which is missing", p.Run)
	}
	if first := slices.Index(p.Reports, "-"); slices.Contains(p.Reports[first+1:], "-") && first >= 0 {
		bad("stdin (-) can be read once only")
	}
	if p.By != "" && !slices.Contains(parameterNames(), p.By) {
		bad("--by %q: use one of %s", p.By, strings.Join(parameterNames(), ", "))
	}
	switch _, is := costs[p.Pareto]; {
	case p.And != "" && !slices.Contains(parameterNames(), p.And):
		bad("--and %q: use one of %s", p.And, strings.Join(parameterNames(), ", "))
	case p.And != "" && (p.By == "" || p.By == p.And):
		bad("--and %s needs another parameter in --by", p.And)
	case p.Pareto != "" && !is:
		bad("--pareto %q: use age or energy", p.Pareto)
	case p.Pareto != "" && p.By != "":
		bad("--by means nothing with --pareto, whose horizontal axis is the %s", p.Pareto)
	case p.Trace != "" && p.And+p.Pareto != "":
		bad("--and and --pareto mean nothing with --trace, which draws one run")
	}
	switch {
	case p.Output == "":
		bad("--output is missing: name the picture, such as --output sweep.svg")
	case formats[filepath.Ext(p.Output)] == nil:
		bad("--output %s: use a name that ends in .svg or .png", p.Output)
	}
	return errors.Join(errs...)
}

// Draw draws reports of several runs against what varies between them, or one run over time.
func Draw(p Picture) error {
	drawn, err := p.figure()
	if err != nil {
		return err
	}
	drawn.title = cmp.Or(p.Title, drawn.title)
	var image bytes.Buffer // so that an error leaves no empty file
	if err = drawn.render(filepath.Ext(p.Output), &image); err == nil {
		err = os.WriteFile(p.Output, image.Bytes(), 0o666)
	}
	if err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	return nil
}

func (p Picture) figure() (figure, error) {
	if p.Trace != "" {
		trace := traced{wanted: p.Run}
		if err := read(p, p.Trace, "decision", trace.take); err != nil {
			return figure{}, err
		}
		if trace.drawn == nil {
			return figure{}, fmt.Errorf("%s: no decision of the run %q: the last run in it is %q", p.Trace, p.Run, trace.run)
		}
		return trace.drawn.figure(), nil
	}
	var s sweep
	for _, path := range p.Reports {
		if err := read(p, path, "report of tandem --format json", s.take); err != nil {
			return figure{}, err
		}
	}
	switch {
	case p.Pareto != "":
		return s.pareto(p.Pareto)
	case p.And != "":
		return s.heat(p.By, p.And)
	}
	return s.figure(p.By)
}

// longestLine is far above what reports and decisions need.
const longestLine = 1 << 20

// read gives each line of a file to take.
func read[T any](p Picture, path, of string, take func(T) error) error {
	from := p.Stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		from = file
	}
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, longestLine)
	n, taken := 1, 0
	for ; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		line, err := parse[T](lines.Bytes())
		if err == nil {
			err = take(line)
		}
		if err != nil {
			return fmt.Errorf("%s, line %d: %w", path, n, err)
		}
		taken++
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%s, line %d: it is longer than %d bytes, and no %s", path, n, longestLine, of)
	case err != nil:
		return fmt.Errorf("%s: %w", path, err)
	case taken == 0:
		return fmt.Errorf("%s: there is no %s in it", path, of)
	}
	return nil
}

func parse[T any](text []byte) (line T, err error) {
	err = json.Unmarshal(text, &line)
	if wrong, is := errors.AsType[*json.UnmarshalTypeError](err); is && wrong.Field != "" {
		err = fmt.Errorf("%s is a %s, which it can't be", wrong.Field, wrong.Value)
	} else if err != nil {
		err = fmt.Errorf("it is no line of JSON: %w", err)
	}
	return line, err
}
