package plot

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-analyze/charts/chartdraw/drawing"

	"tandem/role/median"
)

// heat draws coverage and rate of one strategy over two parameters: a cell for each pair of values, the darker the better.
func (s *sweep) heat(name, other string) (figure, error) {
	by, err := s.by(name)
	if err != nil {
		return figure{}, err
	}
	and, err := s.by(other)
	if err != nil {
		return figure{}, err
	}
	for _, r := range s.runs {
		if r.Strategy != s.runs[0].Strategy {
			return figure{}, fmt.Errorf("--and %s: runs of %s and %s don't go into one picture of two parameters: name runs of one strategy", other, s.runs[0].Strategy, r.Strategy)
		}
	}
	xs, ys := by.values(s.runs), and.values(s.runs)
	if len(xs) < 2 || len(ys) < 2 {
		return figure{}, fmt.Errorf("--by %s and --and %s: there are %d and %d values, and two of each are needed", by.name, and.name, len(xs), len(ys))
	}
	left, bottom := edges(xs), edges(ys)
	x, y := newAxis(by.axis, left[0], left[len(xs)], 10, by.whole), newAxis("", bottom[0], bottom[len(ys)], 6, and.whole)
	f := figure{title: fmt.Sprintf("%s against %s and %s", s.runs[0].Strategy, by.name, and.name), x: x}
	for _, result := range []struct {
		name string
		of   func(run) float64
	}{{"coverage, %", func(r run) float64 { return r.Coverage }}, {"rate, f/s", func(r run) float64 { return r.Rate }}} {
		there := make(map[[2]float64][]float64)
		for _, r := range s.runs {
			at := [2]float64{by.value(r), and.value(r)}
			there[at] = append(there[at], result.of(r))
		}
		least, most := 0.0, 0.0
		medians := make(map[[2]float64]float64)
		for at, values := range there {
			m := median.Of(values).Median
			if len(medians) == 0 {
				least, most = m, m
			}
			medians[at], least, most = m, min(least, m), max(most, m)
		}
		p := panel{y: y}
		p.y.name = fmt.Sprintf("%s from %.1f (light) to %.1f (dark); upwards: %s", result.name, least, most, strings.Split(and.axis, " (")[0])
		for i, at := range xs {
			for j, up := range ys {
				if m, is := medians[[2]float64{at, up}]; is {
					p.cells = append(p.cells, cell{left[i], left[i+1], bottom[j], bottom[j+1], shade((m - least) / max(most-least, 1e-9))})
				}
			}
		}
		f.panels = append(f.panels, p)
	}
	return f, nil
}

// edges are half-way between values, and as far beyond the first and the last, but not below 0.
func edges(values []float64) (all []float64) {
	n := len(values)
	all = append(all, max(0, values[0]-(values[1]-values[0])/2))
	for i := range n - 1 {
		all = append(all, (values[i]+values[i+1])/2)
	}
	all = append(all, values[n-1]+(values[n-1]-values[n-2])/2)
	return slices.Clip(all)
}

// shade goes from light to dark.
func shade(share float64) drawing.Color {
	between := func(a, b float64) uint8 { return uint8(a + share*(b-a)) }
	return drawing.Color{R: between(237, 8), G: between(243, 64), B: between(250, 129), A: 255}
}
