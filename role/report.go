package role

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/mitchellh/go-wordwrap"

	"tandem/pipeline"
	"tandem/transport"
)

// Format says how reports are printed.
type Format string

// The formats. Table is for people.
const (
	Table Format = "table"
	JSON  Format = "json"
	CSV   Format = "csv"
)

// ParseFormat reads a format's name.
func ParseFormat(s string) (Format, error) {
	f := Format(s)
	if !slices.Contains([]Format{Table, JSON, CSV}, f) {
		return "", fmt.Errorf("use %s, %s or %s", Table, JSON, CSV)
	}
	return f, nil
}

// output prints reports to stdout or a file. An older file is kept until there is something to print.
type output struct {
	cfg    Config
	mu     sync.Mutex
	to     io.Writer
	file   *os.File // nil: stdout
	header bool     // CSV: the header is still to be printed
}

func openOutput(cfg Config) (*output, error) {
	o := &output{cfg: cfg, to: cfg.Stdout, header: cfg.Header}
	if cfg.Output != "" {
		file, err := os.OpenFile(cfg.Output, os.O_WRONLY|os.O_CREATE, 0o666)
		if err != nil {
			return nil, fmt.Errorf("--output: %w", err)
		}
		o.to, o.file = &overwriting{file: file}, file
	}
	return o, nil
}

func (o *output) close() error {
	if o.file == nil {
		return nil
	}
	return o.file.Close()
}

// overwriting empties a file at the first write.
type overwriting struct {
	file  *os.File
	begun bool
}

func (w *overwriting) Write(b []byte) (int, error) {
	if !w.begun {
		w.begun = true
		if err := w.file.Truncate(0); err != nil && !errors.Is(err, syscall.EINVAL) { // a pipe or terminal has nothing to empty
			return 0, err
		}
	}
	return w.file.Write(b)
}

// print prints one report: a line of JSON or CSV, or a table.
func (o *output) print(r pipeline.Report) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch o.cfg.Format {
	case JSON:
		return json.NewEncoder(o.to).Encode(r)
	case CSV:
		return o.printCSV(r)
	default:
		return errors.Join(printRuns(o.to, []pipeline.Report{r}), printNodes(o.to, r))
	}
}

// printAll prints the reports of several runs for people to compare.
func (o *output) printAll(reports []pipeline.Report) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return printRuns(o.to, reports)
}

// columns are the flat fields of a report, as in its JSON.
var columns = []struct {
	name  string
	value func(pipeline.Report) string
}{
	{"run", func(r pipeline.Report) string { return r.Run }},
	{"strategy", func(r pipeline.Report) string { return r.Strategy }},
	{"tasks", func(r pipeline.Report) string { return strconv.Itoa(r.Tasks) }},
	{"frames", func(r pipeline.Report) string { return integer(r.Frames) }},
	{"interval_ms", func(r pipeline.Report) string { return decimal(r.IntervalMS) }},
	{"delivered", func(r pipeline.Report) string { return integer(r.Delivered) }},
	{"coverage", func(r pipeline.Report) string { return decimal(r.Coverage) }},
	{"rate", func(r pipeline.Report) string { return decimal(r.Rate) }},
	{"duplicates", func(r pipeline.Report) string { return integer(r.Duplicates) }},
	{"unaccounted", func(r pipeline.Report) string { return integer(r.Unaccounted) }},
	{"accuracy", func(r pipeline.Report) string {
		if r.Accuracy == nil {
			return ""
		}
		return decimal(*r.Accuracy)
	}},
	{"joules_per_frame", func(r pipeline.Report) string {
		if r.JoulesPerFrame == nil {
			return ""
		}
		return decimal(*r.JoulesPerFrame)
	}},
	{"latency_p50_ms", func(r pipeline.Report) string { return decimal(r.Latency.P50) }},
	{"latency_p95_ms", func(r pipeline.Report) string { return decimal(r.Latency.P95) }},
	{"latency_p99_ms", func(r pipeline.Report) string { return decimal(r.Latency.P99) }},
	{"latency_max_ms", func(r pipeline.Report) string { return decimal(r.Latency.Max) }},
	{"elapsed_s", func(r pipeline.Report) string { return decimal(r.ElapsedS) }},
	{"model", func(r pipeline.Report) string { return r.Model }},
	{"load", func(r pipeline.Report) string { return r.Load }},
	{"cut", func(r pipeline.Report) string { return strconv.Itoa(r.Cut) }},
	{"cuts", func(r pipeline.Report) string { return strings.Trim(fmt.Sprint(r.Cuts), "[]") }},
	{"forgotten", func(r pipeline.Report) string { return integer(r.Forgotten) }},
	{"died", func(r pipeline.Report) string { return integer(r.Died) }},
	{"twice", func(r pipeline.Report) string { return integer(r.Twice) }},
	{"emulate", func(r pipeline.Report) string { return r.Emulate }},
	{"link", func(r pipeline.Report) string { return r.Link }},
	{"wire", func(r pipeline.Report) string { return r.Wire }},
	{"version", func(r pipeline.Report) string { return r.Version }},
	{"notes", func(r pipeline.Report) string { return strings.Join(r.Notes, "; ") }},
}

func integer(n int64) string   { return strconv.FormatInt(n, 10) }
func decimal(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) }

func (o *output) printCSV(r pipeline.Report) error {
	w := csv.NewWriter(o.to)
	var names, values []string
	for _, c := range columns {
		names, values = append(names, c.name), append(values, c.value(r))
	}
	if o.header {
		o.header = false
		_ = w.Write(names) // w.Error has it
	}
	_ = w.Write(values)
	w.Flush()
	return w.Error()
}

// printRuns prints what the runs have in common, and a line for each, in 80 columns.
func printRuns(to io.Writer, reports []pipeline.Report) error {
	if len(reports) == 0 {
		return nil
	}
	r := reports[0]
	cuts := strconv.Itoa(r.Cut)
	if len(r.Cuts) > 0 {
		cuts = commas(r.Cuts)
	}
	fmt.Fprintf(to, "%s cut at %s, %d frames, one every %s,\n%s\n\n",
		r.Model, cuts, r.Frames, time.Duration(r.IntervalMS*float64(time.Millisecond)), circumstances(r))
	labelled := slices.ContainsFunc(reports, func(r pipeline.Report) bool { return r.Accuracy != nil })
	metered := slices.ContainsFunc(reports, func(r pipeline.Report) bool { return r.JoulesPerFrame != nil })
	line := "%-9s  %5s  %8s  %6s  %6s  %6s  %7s  %8s"
	heads := []any{"strategy", "tasks", "coverage", "f/s", "p50 ms", "p99 ms", "refused", "switches"}
	if metered {
		line, heads = line+"  %7s", append(heads, "J/frame")
	}
	if labelled {
		line, heads = line+"  %8s", append(heads, "accuracy")
	}
	if metered && labelled {
		line = strings.ReplaceAll(line, "  ", " ")
	}
	row := func(cells ...any) {
		fmt.Fprintln(to, strings.TrimRight(fmt.Sprintf(line, cells...), " "))
	}
	row(heads...)
	for _, r := range reports {
		t := totals(r)
		tasks := "-"
		if r.Tasks > 0 {
			tasks = strconv.Itoa(r.Tasks)
		}
		cells := []any{r.Strategy, tasks, fmt.Sprintf("%.1f %%", r.Coverage), fmt.Sprintf("%.2f", r.Rate),
			fmt.Sprintf("%.0f", r.Latency.P50), fmt.Sprintf("%.0f", r.Latency.P99), integer(t.Refused), integer(t.Switches)}
		if metered {
			cells = append(cells, optional("%.3f", r.JoulesPerFrame))
		}
		if labelled {
			cells = append(cells, optional("%.1f %%", r.Accuracy))
		}
		row(cells...)
	}
	printSources(to, reports)
	for _, r := range reports {
		t := totals(r)
		if t.Lost != 0 || r.Unaccounted != 0 || r.Duplicates != 0 {
			fmt.Fprintf(to, "\n%s: %d frames lost on the way, %d unaccounted for, %d duplicates\n", r.Strategy, t.Lost, r.Unaccounted, r.Duplicates)
		}
		if r.Forgotten != 0 {
			fmt.Fprintf(to, "\n%s: end was started again, and has forgotten %d results that it had taken before\n", r.Strategy, r.Forgotten)
		}
		if r.Died != 0 {
			fmt.Fprintf(to, "\n%s: %d frames died with nodes that were started again or don't answer\n", r.Strategy, r.Died)
		}
		if t.Dropped != 0 || t.Expired != 0 {
			fmt.Fprintf(to, "\n%s: %d frames dropped for newer ones, %d expired\n", r.Strategy, t.Dropped, t.Expired)
		}
		if len(r.Notes) > 0 {
			fmt.Fprintf(to, "\n%s", noteLines(r))
		}
	}
	return nil
}

// terminal is how many columns are taken for granted.
const terminal = 80

// noteLines has each note of a report on lines of its own.
func noteLines(r pipeline.Report) string {
	var text strings.Builder
	for _, note := range r.Notes {
		lines := wordwrap.WrapString(r.Strategy+": "+note, terminal-4)
		text.WriteString(strings.ReplaceAll(lines, "\n", "\n    ") + "\n")
	}
	return text.String()
}

// totals adds up what happened on all nodes.
func totals(r pipeline.Report) (t pipeline.Entry) {
	for _, n := range r.Nodes {
		t.Refused, t.Dropped, t.Expired, t.Lost = t.Refused+n.Refused, t.Dropped+n.Dropped, t.Expired+n.Expired, t.Lost+n.Lost
		t.Switches += n.Switches
	}
	return t
}

// circumstances says what computes, and, where they are not what is usual, what lies between and how values travel.
func circumstances(r pipeline.Report) string {
	text := emulation(r.Emulate)
	if r.Link != "" && r.Link != pipeline.RealLink {
		text += ",\nover an emulated link: " + r.Link
	}
	if r.Wire != "" && r.Wire != transport.Float32 {
		text += ",\n" + r.Wire + " on the wire"
	}
	return text
}

func emulation(e string) string {
	switch e {
	case "", "off":
		return "at this machine's own speed"
	case Pi3.Name:
		return fmt.Sprintf("emulating a Raspberry Pi 3 (head %s, tail %s, switch %s)", Pi3.Head.at(0), Pi3.Tail.at(0), Pi3.Load.at(0))
	}
	return "emulating " + e
}
