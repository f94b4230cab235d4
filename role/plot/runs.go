package plot

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"tandem/pipeline"
	"tandem/transport"
)

// parameter is what runs may differ in, and a picture shows on its horizontal axis.
type parameter struct {
	name  string
	axis  string
	whole bool
	value func(run) float64
}

// parameters are in the order in which the one that varies is looked for. All runs have the last one.
var parameters = []parameter{
	{"tasks", "tasks (frames that fast finishes after one switch)", true, func(r run) float64 { return float64(r.Tasks) }},
	{"rate", "offered rate, f/s", false, func(r run) float64 { return 1000 / r.IntervalMS }},
	{"frames", "frames", true, func(r run) float64 { return float64(r.Frames) }},
	{"cut", "cut (index of slow's first layer)", true, func(r run) float64 { return float64(r.Cut) }},
	{"nodes", "slow nodes", true, func(r run) float64 { return float64(r.slow) }},
	{"run", "the order of runs", true, func(r run) float64 { return float64(r.ordinal) }},
}

// parameterNames are what Picture.By may be.
func parameterNames() (names []string) {
	for _, p := range parameters {
		names = append(names, p.name)
	}
	return names
}

// lacks reports whether the run's strategy has no such parameter.
func (p parameter) lacks(r run) bool { return p.name == "tasks" && r.Tasks == 0 }

// values are all that the runs have, in order.
func (p parameter) values(runs []run) []float64 {
	found := make(map[float64]bool)
	for _, r := range runs {
		if !p.lacks(r) {
			found[p.value(r)] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// sweep is runs to compare.
type sweep struct{ runs []run }

// take checks a report, and adds it.
func (s *sweep) take(report pipeline.Report) error {
	r := run{Report: report, ordinal: len(s.runs) + 1}
	switch {
	case r.Strategy == "":
		return errors.New("it has no strategy, and is no report: tandem --format json prints them")
	case r.Coverage < 0 || r.Coverage > 100:
		return fmt.Errorf("coverage is %g: a percentage is from 0 to 100", r.Coverage)
	case r.Rate < 0 || r.Rate > 1e9:
		return fmt.Errorf("rate is %g: frames per second are from 0 to 1e9", r.Rate)
	case r.IntervalMS < 0 || r.IntervalMS > 0 && r.IntervalMS < 1e-6:
		return fmt.Errorf("interval_ms is %g: use milliseconds, 0 or from 1e-6", r.IntervalMS)
	case r.Tasks < 0 || r.Frames < 0 || r.Cut < 0:
		return fmt.Errorf("tasks is a number %d, frames %d and cut %d: none of them can be negative", r.Tasks, r.Frames, r.Cut)
	}
	for _, n := range r.Nodes {
		if n.Role == "slow" {
			r.slow++
		}
	}
	// An older version did not say what was usual.
	r.Emulate, r.Link, r.Wire = cmp.Or(r.Emulate, "off"), cmp.Or(r.Link, pipeline.RealLink), cmp.Or(r.Wire, transport.Float32)
	r.made = r.circumstances()
	s.runs = append(s.runs, r)
	return nil
}

// by is the parameter of that name; without a name that of the longest line, or else the order of the runs.
func (s *sweep) by(name string) (parameter, error) {
	unpaced := slices.ContainsFunc(s.runs, func(r run) bool { return r.IntervalMS == 0 })
	last := len(parameters) - 1
	best, longest := parameters[last], 0
	for i, p := range parameters {
		values, endless := len(p.values(s.runs)), unpaced && p.name == "rate"
		switch {
		case p.name == name && endless:
			return p, errors.New("--by rate: a run with interval_ms 0 has no offered rate: leave it out")
		case p.name == name && values == 0:
			return p, fmt.Errorf("--by %s: no run has it: there is nothing to draw", name)
		case p.name == name:
			return p, nil
		case i == last || values < 2 || endless:
			continue
		}
		lines, _ := s.lines(p)
		for _, l := range lines {
			if n := len(p.values(l.runs)); n > longest {
				best, longest = p, n
			}
		}
	}
	return best, nil
}

// line is the runs that one curve goes through, which are alike, and how it is drawn.
type line struct {
	curve
	variant int  // among those of the strategy
	level   bool // the runs don't have the parameter
	runs    []run
}

// dashes tell apart a strategy's lines, which have one colour.
var dashes = [][]float64{nil, {10, 4}, {3, 3}, {14, 4, 3, 4}}

// lines has those of each strategy, in the order of the tables. Where they cover each other, those before look out from
// under the later ones. What all runs share is in none of their names.
func (s *sweep) lines(by parameter) (lines []line, shared []string) {
	shared, differ := compare(s.runs, by)
	variants := make(map[string]int)
	for _, r := range slices.SortedStableFunc(slices.Values(s.runs), func(a, b run) int {
		return cmp.Or(placeOf(a.Strategy)-placeOf(b.Strategy), cmp.Compare(a.Strategy, b.Strategy))
	}) {
		name, level := r.named(by, differ), by.lacks(r)
		i := slices.IndexFunc(lines, func(l line) bool { return l.name == name && l.level == level })
		if i < 0 {
			i = len(lines)
			variant := variants[r.Strategy]
			variants[r.Strategy]++
			lines = append(lines, line{variant: variant, level: level, curve: curve{
				name: name, color: hex(ColourOf(r.Strategy).Light), dash: dashes[variant%len(dashes)],
				marker: shapes[(placeOf(r.Strategy)+variant)%len(shapes)],
				width:  max(2, 4.5-0.5*float64(i)), size: max(4, 8-0.7*float64(i)),
			}})
		}
		lines[i].runs = append(lines[i].runs, r)
	}
	return lines, shared
}
