package plot

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tandem/pipeline"
	"tandem/role/median"
)

// publishedCSV has the results of the study of 2018, to draw runs like its own beside.
//
//go:embed published.csv
var publishedCSV string

// publishedRuns reads them.
func publishedRuns() (runs []run) {
	reader := csv.NewReader(strings.NewReader(publishedCSV))
	reader.Comment = '#'
	rows, _ := reader.ReadAll() // a test reads it too
	for _, row := range rows[1:] {
		tasks, _ := strconv.Atoi(row[1]) // empty: none
		coverage, _ := strconv.ParseFloat(row[2], 64)
		rate, _ := strconv.ParseFloat(row[3], 64)
		runs = append(runs, run{Report: pipeline.Report{Strategy: row[0], Tasks: tasks, Coverage: coverage, Rate: rate}})
	}
	return runs
}

// published are the study's points, one line for each strategy that is drawn, beside runs with its frames, beat, device
// and link.
func published(lines []line, by parameter) (all []line) {
	for _, l := range lines {
		if by.name != "tasks" || slices.ContainsFunc(l.runs, func(r run) bool {
			return r.IntervalMS != 30 || r.Frames != 100 || r.Emulate != "pi3" || r.Link != pipeline.RealLink
		}) {
			return nil
		}
		if l.variant == 0 {
			l.name, l.width, l.marker.hollow, l.level = "", 0, true, false
			l.size += 3
			l.runs = slices.DeleteFunc(publishedRuns(), func(r run) bool { return r.Strategy != l.runs[0].Strategy })
			all = append(all, l)
		}
	}
	return all
}

// mostLines can be told apart in a picture, with an effort.
const mostLines = 16

// figure draws coverage and rate.
func (s *sweep) figure(name string) (figure, error) {
	by, err := s.by(name)
	if err != nil {
		return figure{}, err
	}
	lines, shared := s.lines(by)
	if len(lines) > mostLines {
		return figure{}, fmt.Errorf("there are more than %d lines to draw, as runs differ in more than %s: name fewer files, or choose another parameter by --by", mostLines, by.name)
	}
	values := by.values(s.runs)
	from, to := values[0], values[len(values)-1]
	if by.name == "tasks" {
		from = 0 // where the strategies are that have none
	}
	x := newAxis(by.axis, from, to, 10, by.whole)
	study := published(lines, by)
	lines = append(lines, study...)
	coverage := drawn("coverage, %", lines, by, x, func(r run) float64 { return r.Coverage })
	rate := drawn("rate, f/s", lines, by, x, func(r run) float64 { return r.Rate })
	legend := slices.Clone(coverage.curves)
	if best := s.best(by, x, coverage.y, func(r run) *float64 { return r.BestCoverage }); len(best.xs) > 0 {
		coverage.curves = append(coverage.curves, best)
		rate.curves = append(rate.curves, s.best(by, x, rate.y, func(r run) *float64 { return r.BestRate }))
		legend = append(legend, best)
	}
	if by.name == "rate" {
		offered := offeredLine(x, rate.y)
		rate.curves = slices.Insert(rate.curves, 0, offered)
		legend = append(legend, offered)
	}
	if study != nil {
		legend = append(legend, curve{name: "published in 2018", color: grey, marker: marker{hollow: true}, size: 7})
	}
	title, _, _ := strings.Cut("Coverage and rate against "+by.axis, " (")
	return figure{title, strings.Join(shared, ", "), x, legend, []panel{coverage, rate}}, nil
}

// drawn has one result of all runs: the medians of those at one place. Runs without the parameter are at the left.
func drawn(name string, lines []line, by parameter, x axis, result func(run) float64) panel {
	var curves []curve
	var all []float64
	levels := 0
	for _, l := range lines {
		c, there := l.curve, make(map[float64][]float64)
		for _, r := range l.runs {
			if at := by.value(r); at <= x.to {
				there[at] = append(there[at], result(r))
			}
		}
		for _, at := range slices.Sorted(maps.Keys(there)) {
			m := median.Of(there[at])
			c.xs, c.ys, c.low, c.high = append(c.xs, at), append(c.ys, m.Median), append(c.low, m.Low), append(c.high, m.High)
		}
		all = append(append(append(all, c.ys...), c.low...), c.high...)
		if slices.Equal(c.low, c.high) { // a run at each place
			c.low, c.high = nil, nil
		}
		if l.level { // a line all across, seen between those that it covers
			c.xs, c.ys, c.size = append(c.xs, x.to), append(c.ys, c.ys[0]), 0
			if len(c.low) > 0 {
				c.low, c.high = append(c.low, c.low[0]), append(c.high, c.high[0])
			}
			if levels > 0 {
				c.dash = []float64{12, float64(12 * levels)}
			}
			levels++
		}
		curves = append(curves, c)
	}
	return panel{y: newAxis(name, slices.Min(all), slices.Max(all), 6, false), curves: curves}
}

// offeredLine is where all that is offered arrives, as far as that is in the panel.
func offeredLine(x, y axis) curve {
	from, to := max(x.from, y.from), min(x.to, y.to)
	c := curve{name: "offered", color: rule, width: 2, dash: []float64{7, 5}}
	if from < to {
		c.xs, c.ys = []float64{from, to}, []float64{from, to}
	}
	return c
}

// best is what was possible at best, by the reports that know it, as far as that is in the panel.
func (s *sweep) best(by parameter, x, y axis, of func(run) *float64) curve {
	c, there := curve{name: "at best", color: ink, width: 2, dash: []float64{2, 3}}, make(map[float64][]float64)
	for _, r := range s.runs {
		if v := of(r); v != nil && !by.lacks(r) {
			there[by.value(r)] = append(there[by.value(r)], *v)
		}
	}
	for _, at := range slices.Sorted(maps.Keys(there)) {
		if v := median.Of(there[at]).Median; at <= x.to && v <= y.to {
			c.xs, c.ys = append(c.xs, at), append(c.ys, v)
		}
	}
	return c
}
