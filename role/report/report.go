// Package report is what is known of runs, and how it is printed and written: reports as a table, JSON or CSV; a line for
// each decision of a strategy (trace).
package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"

	"tandem/pipeline"
)

// Options say how reports are printed, and where.
type Options struct {
	Format   Format
	NoHeader bool   // CSV: leave out the header line
	LastSeen bool   // table and JSON: say where frames that have not arrived were last seen
	Output   string // file, overwritten; empty: Stdout
	Stdout   io.Writer
}

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
	if f := Format(s); slices.Contains([]Format{Table, JSON, CSV}, f) {
		return f, nil
	}
	return "", fmt.Errorf("use %s, %s or %s", Table, JSON, CSV)
}

// Printer prints reports. Several goroutines may use it.
type Printer struct {
	mu sync.Mutex
	o  Options
	to io.WriteCloser
}

// Open makes a printer. An older file is kept until there is something to print.
func Open(o Options) (*Printer, error) {
	to, err := Create(o.Output, o.Stdout)
	return &Printer{o: o, to: to}, err
}

// Close closes the file.
func (p *Printer) Close() error { return p.to.Close() }

// Print prints one report: a line of JSON or CSV, or a table.
func (p *Printer) Print(r pipeline.Report) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	r = p.wanted(r)
	switch p.o.Format {
	case JSON:
		return json.NewEncoder(p.to).Encode(r)
	case CSV:
		header := !p.o.NoHeader
		p.o.NoHeader = true // there is one in the file
		return printCSV(p.to, r, header)
	default:
		text := bufio.NewWriter(p.to)
		printRuns(text, []pipeline.Report{r})
		printNodes(text, r)
		return text.Flush()
	}
}

// Compare prints the reports of several runs side by side, for people.
func (p *Printer) Compare(reports []pipeline.Report) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := bufio.NewWriter(p.to)
	wanted := make([]pipeline.Report, len(reports))
	for i, r := range reports {
		wanted[i] = p.wanted(r)
	}
	printRuns(text, wanted)
	return text.Flush()
}

// wanted is what shall be printed of a report: its lines are short where nobody asks for every frame.
func (p *Printer) wanted(r pipeline.Report) pipeline.Report {
	if !p.o.LastSeen {
		r.LastSeen = nil
	}
	return r
}
