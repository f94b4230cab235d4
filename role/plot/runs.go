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
	value func(run) (v float64, has bool)
}

// parameters are in the order in which the one that varies is looked for.
func parameters() []parameter {
	always := func(value func(run) float64) func(run) (float64, bool) {
		return func(r run) (float64, bool) { return value(r), true }
	}
	return []parameter{
		{"tasks", "tasks (frames that fast finishes after one switch)", true,
			func(r run) (float64, bool) { return float64(r.Tasks), r.Tasks > 0 }},
		{"rate", "offered rate, f/s", false,
			func(r run) (float64, bool) { return 1000 / r.IntervalMS, r.IntervalMS > 0 }},
		{"frames", "frames", true, always(func(r run) float64 { return float64(r.Frames) })},
		{"cut", "cut (index of slow's first layer)", true, always(func(r run) float64 { return float64(r.Cut) })},
		{"nodes", "slow nodes", true, always(func(r run) float64 { return float64(r.slow) })},
		{"run", "the order of runs", true, always(func(r run) float64 { return float64(r.ordinal) })},
	}
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
func (p parameter) values(runs []run) []float64 {
	found := make(map[float64]bool)
	for _, r := range runs {
		if v, has := p.value(r); has {
			found[v] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// sweep is runs to compare.
type sweep struct{ runs []run }

// take reads one report.
func (s *sweep) take(line []byte) error {
	r := run{ordinal: len(s.runs) + 1}
	if err := parseLine(line, &r.Report); err != nil {
		return err
	}
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
	r.Nodes = nil
	// An older version did not say what was usual.
	r.Emulate, r.Link, r.Wire = cmp.Or(r.Emulate, "off"), cmp.Or(r.Link, pipeline.RealLink), cmp.Or(r.Wire, transport.Float32)
	s.runs = append(s.runs, r)
	return nil
}

// by is the parameter of that name; without a name that of the longest line, or else the first that varies.
func (s *sweep) by(name string) (parameter, error) {
	var best parameter
	longest := 0
	for _, p := range parameters() {
		values := len(p.values(s.runs))
		if unpaced := p.name == "rate" && s.unpaced(); p.name == name {
			switch {
			case unpaced:
				return p, errors.New("--by rate: a run with interval_ms 0 has no offered rate: leave it out")
			case values == 0:
				return p, fmt.Errorf("--by %s: no run has it: there is nothing to draw", name)
			}
			return p, nil
		} else if p.name == "run" && longest > 0 || values < 2 && p.name != "run" || unpaced {
			continue
		}
		for _, l := range s.lines(p) {
			if n := len(p.values(l.runs)); n > longest {
				best, longest = p, n
			}
		}
	}
	return best, nil
}

func (s *sweep) unpaced() bool {
	return slices.ContainsFunc(s.runs, func(r run) bool { return r.IntervalMS == 0 })
}

// line is the runs that one curve goes through: they are alike.
type line struct {
	name, strategy string
	order, variant int  // among all and among those of the strategy
	level          bool // the runs don't have the parameter
	published      bool // by the study
	runs           []run
}

// lines has those of each strategy, in the order of the tables.
func (s *sweep) lines(by parameter) []line {
	_, differ := compare(s.runs, by)
	var lines []line
	variants := make(map[string]int)
	for _, r := range s.runs {
		name := r.named(by, differ)
		_, has := by.value(r)
		i := slices.IndexFunc(lines, func(l line) bool { return l.name == name && l.level != has })
		if i < 0 {
			i = len(lines)
			lines = append(lines, line{name: name, strategy: r.Strategy, variant: variants[r.Strategy], level: !has})
			variants[r.Strategy]++
		}
		lines[i].runs = append(lines[i].runs, r)
	}
	slices.SortStableFunc(lines, func(a, b line) int {
		return cmp.Or(placeOf(a.strategy)-placeOf(b.strategy), cmp.Compare(a.strategy, b.strategy))
	})
	for i := range lines {
		lines[i].order = i
	}
	return lines
}
