package plot

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// publishedCSV has the results of the study of 2018, to draw runs like its own beside.
//
//go:embed published.csv
var publishedCSV string

// publishedRuns reads them.
func publishedRuns() []sweptRun {
	reader := csv.NewReader(strings.NewReader(publishedCSV))
	reader.Comment = '#'
	rows, _ := reader.ReadAll() // a test reads it too
	var runs []sweptRun
	for _, row := range rows[1:] {
		tasks, _ := strconv.ParseUint(row[1], 10, 32) // empty: none
		coverage, _ := strconv.ParseFloat(row[2], 64)
		rate, _ := strconv.ParseFloat(row[3], 64)
		runs = append(runs, sweptRun{Strategy: row[0], Tasks: uint32(tasks), Coverage: coverage, Rate: rate})
	}
	return runs
}

// published tells whether the runs are the study's: over tasks, and with its frames, beat and device.
func (s *sweep) published(by parameter) bool {
	return by.name == "tasks" && !slices.ContainsFunc(s.runs, func(r sweptRun) bool {
		return r.IntervalMS != 30 || r.Frames != 100 || r.Emulate != "pi3"
	})
}

// figure draws coverage and rate.
func (s *sweep) figure(name string) (figure, error) {
	if len(s.runs) == 0 {
		return figure{}, errors.New("there is no report to draw")
	}
	by, err := s.by(name)
	if err != nil {
		return figure{}, err
	}
	lines, err := s.lines(by)
	if err != nil {
		return figure{}, err
	}
	values := by.values(s.runs)
	from, to := values[0], values[len(values)-1]
	if by.name == "tasks" {
		from = 0 // where the strategies are that have none
	}
	x := newAxis(by.axis, from, to, 10, by.whole)
	coverage := s.panel("coverage, %", lines, by, x, func(r sweptRun) float64 { return r.Coverage })
	rate := s.panel("rate, f/s", lines, by, x, func(r sweptRun) float64 { return r.Rate })
	legend := coverage.curves
	if by.name == "rate" {
		offered := offeredLine(x, rate.y)
		rate.curves = slices.Insert(rate.curves, 0, offered)
		legend = append(slices.Clip(legend), offered)
	}
	if s.published(by) {
		legend = append(slices.Clip(legend), curve{name: "published in 2018", color: grey, marker: hollow(circle), size: 7})
	}
	return figure{x: x, legend: legend, panels: []panel{coverage, rate}}, nil
}

func hollow(m marker) marker {
	m.hollow = true
	return m
}

// panel draws one result of all runs.
func (s *sweep) panel(name string, lines []sweepLine, by parameter, x axis, result func(sweptRun) float64) panel {
	var one panel
	var points []curve // on top of the lines
	levels := 0
	for i, l := range lines {
		// Where curves cover each other, those before look out from under the later ones.
		look := float64(l.look)
		c := curve{name: l.name, color: palette[l.look%len(palette)], marker: shapes[l.look%len(shapes)], width: max(2, 4.5-0.5*look), size: max(4, 8-0.7*look)}
		var flat []float64
		c.xs, c.ys, flat = medians(l.runs, by, result)
		if len(flat) > 0 {
			level := c
			level.xs, level.ys, level.marker = []float64{x.from, x.to}, []float64{median(flat), median(flat)}, noMarker
			if levels > 0 {
				level.dash = []float64{12, float64(12 * levels)}
			}
			levels++
			if len(c.xs) > 0 {
				level.name = ""
			}
			one.curves = append(one.curves, level)
		}
		if len(c.xs) > 0 {
			one.curves = append(one.curves, c)
		}
		if first := i == 0 || lines[i-1].strategy != l.strategy; first && s.published(by) {
			points = append(points, publishedPoints(l.strategy, c, by, x, result))
		}
	}
	one.curves = append(one.curves, points...)
	low, high := one.curves[0].ys[0], one.curves[0].ys[0]
	for _, c := range one.curves {
		for _, y := range c.ys {
			low, high = min(low, y), max(high, y)
		}
	}
	one.y = newAxis(name, low, high, 6, false)
	return one
}

// publishedPoints are a strategy's, each in the shape of its curve. A strategy without tasks has its point at the
// left.
func publishedPoints(strategy string, like curve, by parameter, x axis, result func(sweptRun) float64) curve {
	c := curve{color: like.color, marker: hollow(like.marker), size: like.size + 3}
	for _, r := range publishedRuns() {
		if r.Strategy == strategy {
			v, has := by.value(r)
			if !has {
				v = x.from
			}
			if v > x.to {
				continue
			}
			c.xs, c.ys = append(c.xs, v), append(c.ys, result(r))
		}
	}
	return c
}

// offeredLine is where all that is offered arrives, as far as that is in the panel.
func offeredLine(x, y axis) curve {
	from, to := max(x.from, y.from), min(x.to, y.to)
	c := curve{name: "offered", color: grey, width: 2, dash: []float64{7, 5}}
	if from < to {
		c.xs, c.ys = []float64{from, to}, []float64{from, to}
	}
	return c
}

// medians has a point for each value of the parameter, and what resulted where a run does not have it.
func medians(runs []sweptRun, by parameter, result func(sweptRun) float64) (xs, ys, without []float64) {
	there := make(map[float64][]float64)
	for _, r := range runs {
		if x, has := by.value(r); has {
			there[x] = append(there[x], result(r))
		} else {
			without = append(without, result(r))
		}
	}
	for _, x := range slices.Sorted(maps.Keys(there)) {
		xs, ys = append(xs, x), append(ys, median(there[x]))
	}
	return xs, ys, without
}

func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}
