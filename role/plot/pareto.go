package plot

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strings"

	"tandem/role/median"
)

// costs are what coverage can be drawn against.
var costs = map[string]struct {
	axis string
	of   func(run) float64 // NaN: not known
}{
	"age": {"95th percentile of the ages, ms", func(r run) float64 { return r.Latency.P95 }},
	"energy": {"energy, J for a delivered frame", func(r run) float64 {
		if r.JoulesPerFrame == nil {
			return math.NaN()
		}
		return *r.JoulesPerFrame
	}},
}

// pareto draws coverage against a cost: a point for runs that are alike in all but chance, and a line through those that no other
// beats in both.
func (s *sweep) pareto(cost string) (figure, error) {
	none := parameter{name: "", value: func(run) float64 { return 0 }}
	of := costs[cost]
	lines, shared := s.lines(none)
	byStrategy := make(map[string]*curve)
	var curves []*curve
	type point struct{ x, y float64 }
	var all []point
	for _, l := range lines {
		var spent, covered []float64
		for _, r := range l.runs {
			if v := of.of(r); !math.IsNaN(v) {
				spent, covered = append(spent, v), append(covered, r.Coverage)
			}
		}
		if len(spent) == 0 {
			continue
		}
		at := point{median.Of(spent).Median, median.Of(covered).Median}
		all = append(all, at)
		name := l.runs[0].Strategy
		if byStrategy[name] == nil {
			c := l.curve
			c.name, c.width, c.size = name, 0, 5
			byStrategy[name] = &c
			curves = append(curves, &c)
		}
		byStrategy[name].xs, byStrategy[name].ys = append(byStrategy[name].xs, at.x), append(byStrategy[name].ys, at.y)
	}
	if len(all) == 0 {
		return figure{}, errors.New("--pareto " + cost + ": no report has it: there is nothing to draw")
	}
	slices.SortFunc(all, func(a, b point) int { return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(b.y, a.y)) })
	front := curve{name: "no run is better in both", color: rule, width: 2, dash: []float64{7, 5}}
	most := math.Inf(-1)
	for _, p := range all {
		if p.y > most {
			most = p.y
			front.xs, front.ys = append(front.xs, p.x), append(front.ys, p.y)
		}
	}
	least := slices.MinFunc(all, func(a, b point) int { return cmp.Compare(a.y, b.y) }).y
	p := panel{y: newAxis("coverage, %", least, most, 8, false), curves: []curve{front}}
	for _, c := range curves {
		p.curves = append(p.curves, *c)
	}
	return figure{"Coverage against " + cost, strings.Join(shared, ", "), newAxis(of.axis, all[0].x, all[len(all)-1].x, 10, false), p.curves, []panel{p}}, nil
}
