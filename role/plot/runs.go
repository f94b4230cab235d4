package plot

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"tandem/strategy"
)

// sweptRun is what a picture needs of a pipeline.Report.
type sweptRun struct {
	Strategy   string  `json:"strategy"`
	Tasks      uint32  `json:"tasks"`
	Frames     uint64  `json:"frames"`
	IntervalMS float64 `json:"interval_ms"`
	Coverage   float64 `json:"coverage"`
	Rate       float64 `json:"rate"`
	Model      string  `json:"model"`
	Load       string  `json:"load"`
	Cut        uint32  `json:"cut"`
	Emulate    string  `json:"emulate"`
	Nodes      []struct {
		Role string `json:"role"`
	} `json:"nodes"`

	ordinal, slow int
}

// parameter is what runs may differ in, and a picture shows on its horizontal axis.
type parameter struct {
	name  string
	axis  string
	whole bool
	value func(sweptRun) (v float64, has bool)
}

// parameters are in the order in which the one that varies is looked for.
func parameters() []parameter {
	always := func(value func(sweptRun) float64) func(sweptRun) (float64, bool) {
		return func(r sweptRun) (float64, bool) { return value(r), true }
	}
	return []parameter{
		{"tasks", "tasks (frames that fast finishes after one switch)", true,
			func(r sweptRun) (float64, bool) { return float64(r.Tasks), r.Tasks > 0 }},
		{"rate", "offered rate, f/s", false,
			func(r sweptRun) (float64, bool) { return r.offered(), r.IntervalMS > 0 }},
		{"frames", "frames", true, always(func(r sweptRun) float64 { return float64(r.Frames) })},
		{"cut", "cut (index of slow's first layer)", true, always(func(r sweptRun) float64 { return float64(r.Cut) })},
		{"nodes", "slow nodes", true, always(func(r sweptRun) float64 { return float64(r.slow) })},
		{"run", "run", true, always(func(r sweptRun) float64 { return float64(r.ordinal) })},
	}
}

// differences are what may tell a strategy's curves apart. Runs that differ in one of them are never mixed in a point;
// those with some more or fewer frames are.
func differences() []difference {
	return []difference{
		{"tasks", func(r sweptRun) string { return fmt.Sprint(r.Tasks, " tasks") }},
		{"rate", func(r sweptRun) string { return fmt.Sprintf("every %g ms", r.IntervalMS) }},
		{"cut", func(r sweptRun) string { return fmt.Sprint("cut ", r.Cut) }},
		{"nodes", func(r sweptRun) string { return fmt.Sprint(r.slow, " slow") }},
		{"load", func(r sweptRun) string { return cmp.Or(r.Load, "no switch") }},
		{"emulate", func(r sweptRun) string { return cmp.Or(r.Emulate, "off") }},
		{"model", func(r sweptRun) string { return r.Model }},
	}
}

type difference struct {
	name  string // that of the parameter, if it is one
	label func(sweptRun) string
}

// Parameters are the names that Picture.By may have.
func Parameters() []string {
	var names []string
	for _, p := range parameters() {
		names = append(names, p.name)
	}
	return names
}

// values are all that the runs have, in order.
func (p parameter) values(runs []sweptRun) []float64 {
	found := make(map[float64]bool)
	for _, r := range runs {
		if v, has := p.value(r); has {
			found[v] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// offered is the rate of the client's beat, in frames per second; infinite where it keeps none.
func (r sweptRun) offered() float64 { return 1000 / r.IntervalMS }

// sweep is runs to compare.
type sweep struct{ runs []sweptRun }

// take reads one report.
func (s *sweep) take(line []byte) error {
	var r sweptRun
	if err := parseLine(line, &r); err != nil {
		return err
	}
	switch {
	case r.Strategy == "":
		return errors.New("it has no strategy, and is no report: tandem --format json prints them")
	case r.Coverage < 0 || r.Coverage > 100:
		return fmt.Errorf("coverage is %g: a percentage is from 0 to 100", r.Coverage)
	case r.Rate < 0 || r.Rate > 1e9:
		return fmt.Errorf("rate is %g: frames per second are from 0 to 1e9", r.Rate)
	case r.IntervalMS < 0 || r.IntervalMS > 0 && r.offered() > 1e9:
		return fmt.Errorf("interval_ms is %g: use milliseconds, 0 or from 1e-6", r.IntervalMS)
	}
	for _, n := range r.Nodes {
		if n.Role == "slow" {
			r.slow++
		}
	}
	r.Nodes = nil
	r.ordinal = len(s.runs) + 1
	s.runs = append(s.runs, r)
	return nil
}

// by is the parameter of that name, or the first that varies.
func (s *sweep) by(name string) (parameter, error) {
	all := parameters()
	found := all[len(all)-1]
	for _, p := range all {
		if p.name == name || name == "" && len(p.values(s.runs)) > 1 && (p.name != "rate" || !s.unpaced()) {
			found = p
			break
		}
	}
	switch {
	case found.name == "rate" && s.unpaced():
		return found, errors.New("--by rate: a run with interval_ms 0 has no offered rate: leave it out")
	case len(found.values(s.runs)) == 0:
		return found, fmt.Errorf("--by %s: no run has it: there is nothing to draw", found.name)
	}
	return found, nil
}

func (s *sweep) unpaced() bool {
	return slices.ContainsFunc(s.runs, func(r sweptRun) bool { return r.IntervalMS == 0 })
}

// line is the runs that one curve goes through.
type sweepLine struct {
	name, strategy string
	runs           []sweptRun
	look           int // colour and shape; that of the strategy in all pictures, where it has one line
}

// mostLines can be told apart in a picture, with an effort.
const mostLines = 16

// lines has one for each strategy, in the order of the tables. A strategy's runs that differ in another parameter at
// the same place of the axis are on different lines.
func (s *sweep) lines(by parameter) ([]sweepLine, error) {
	var names []string
	of := make(map[string][]sweptRun)
	for _, e := range strategy.All() {
		names = append(names, e.Name)
		of[e.Name] = nil
	}
	for _, r := range s.runs {
		if _, known := of[r.Strategy]; !known { // to this version
			names = append(names, r.Strategy)
		}
		of[r.Strategy] = append(of[r.Strategy], r)
	}
	var lines []sweepLine
	several := false
	for i, name := range names {
		these := split(name, of[name], by)
		for j := range these {
			these[j].look = i
		}
		several = several || len(these) > 1
		if lines = append(lines, these...); len(lines) > mostLines {
			return nil, fmt.Errorf("there are more than %d lines to draw: name fewer files, or choose another parameter by --by", mostLines)
		}
	}
	for i := range lines {
		if several {
			lines[i].look = i
		}
	}
	return lines, nil
}

func split(strategy string, runs []sweptRun, by parameter) []sweepLine {
	var mixed []difference
	for _, d := range differences() {
		if d.name != by.name && mixes(runs, by, d) {
			mixed = append(mixed, d)
		}
	}
	var lines []sweepLine
	for _, r := range runs {
		name := strategy
		for _, d := range mixed {
			name += ", " + d.label(r)
		}
		i := slices.IndexFunc(lines, func(l sweepLine) bool { return l.name == name })
		if i < 0 {
			i = len(lines)
			lines = append(lines, sweepLine{name: name, strategy: strategy})
		}
		lines[i].runs = append(lines[i].runs, r)
	}
	return lines
}

// mixes tells whether runs at one place of the axis differ.
func mixes(runs []sweptRun, by parameter, d difference) bool {
	seen := make(map[float64]string)
	for _, r := range runs {
		x, _ := by.value(r)
		if before, found := seen[x]; found && before != d.label(r) {
			return true
		}
		seen[x] = d.label(r)
	}
	return false
}
