// Package sweep plays a grid of runs, in virtual time or for real, and says how sure one can be of what comes out.
package sweep

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/role/options"
	"tandem/role/simulate"
	"tandem/strategy"
)

// The settings that a sweep may give several values, in the order in which tables show them. Pipelines are one more.
var axes = []string{
	"strategy", "tasks", "load", "interval", "frames", "arrivals", "queue", "high-water", "drop", "max-age", "batch", "slow-nodes", "wire", "buffer",
}

// point is one run of a grid.
type point struct {
	given    options.Given     // with one value for each setting
	together simulate.Together // the pipelines that are played at the same time
	name     string            // of all that is given, which tells points apart
	group    []string          // the values of the axes that vary, but for the seed
}

// grid is all points of a sweep.
type grid struct {
	vary   []string // names of the axes that do
	points []point
}

// newGrid makes the grid of what a user gives: each text may be a list, of values or of ranges.
func newGrid(given options.Given, pipelines string, shared bool, seeds int) (g grid, err error) {
	seed := uint64(1)
	if text := given.Last("seed"); text != "" {
		if seed, err = strconv.ParseUint(text, 10, 63); err != nil {
			return g, fmt.Errorf("--seed %q: use a whole number, 0 or more", text)
		}
	}
	base := maps.Clone(given)
	if len(base["strategy"]) == 0 {
		var all []string
		for _, e := range strategy.All() {
			all = append(all, e.Name)
		}
		base["strategy"] = []string{strings.Join(all, ",")}
	}
	values := make(map[string][]string)
	for _, axis := range axes {
		text := base.Last(axis)
		if text == "" {
			continue
		}
		if values[axis], err = expand(text); err != nil {
			return g, fmt.Errorf("--%s %q: %w", axis, text, err)
		}
		if len(values[axis]) > 1 {
			g.vary = append(g.vary, axis)
		}
	}
	together, err := expand(pipelines)
	if err != nil {
		return g, fmt.Errorf("--pipelines %q: %w", pipelines, err)
	}
	several := len(together) > 1
	if several {
		g.vary = append(g.vary, "pipelines")
	}
	var broken error
	seen := make(map[string]bool)
	at := make(map[string]string)
	var walk func(axes []string)
	walk = func(rest []string) {
		if len(rest) > 0 {
			for _, v := range values[rest[0]] {
				at[rest[0]] = v
				walk(rest[1:])
			}
			return
		}
		e, err := strategy.Lookup(at["strategy"])
		for _, text := range together {
			n, wrong := strconv.Atoi(text)
			if wrong != nil {
				broken = fmt.Errorf("--pipelines %q: %q is no whole number", pipelines, text)
			}
			for i := range seeds {
				p := point{given: maps.Clone(base), together: simulate.Together{Pipelines: n, Shared: shared}}
				for axis, v := range at {
					p.given[axis] = []string{v}
				}
				if err == nil && !e.Tasks { // it has no such parameter, so they are one point
					delete(p.given, "tasks")
				}
				for _, axis := range g.vary {
					p.group = append(p.group, p.given.Last(axis))
				}
				p.given["seed"] = []string{strconv.FormatUint(seed+uint64(i), 10)}
				p.name = nameOf(p.given)
				if several {
					p.group[len(p.group)-1] = text
				}
				if n != 1 {
					p.name += " pipelines=" + text
				}
				if shared {
					p.name += " shared-link"
				}
				if !seen[p.name] {
					seen[p.name] = true
					g.points = append(g.points, p)
				}
			}
		}
	}
	walk(slices.DeleteFunc(slices.Clone(axes), func(axis string) bool { return len(values[axis]) == 0 }))
	return g, broken
}

// nameOf lists all that is given, but for where reports go and how they look.
func nameOf(given options.Given) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains([]string{"output", "format", "no-header", "log-level", "log-format"}, name) {
			parts = append(parts, name+"="+strings.Join(given[name], ","))
		}
	}
	return strings.Join(parts, " ")
}

// most is how many values an axis may have.
const most = 100_000

// expand lists the values of a text such as alternate,balance or 1..60 or 20ms..60ms/2ms.
func expand(text string) (values []string, err error) {
	for part := range strings.SplitSeq(text, ",") {
		if !strings.Contains(part, "..") {
			values = append(values, part)
			continue
		}
		span, step, stepped := strings.Cut(part, "/")
		from, to, _ := strings.Cut(span, "..")
		a, errA := strconv.Atoi(from)
		z, errZ := strconv.Atoi(to)
		var more []string
		if errA == nil && errZ == nil {
			by := 1
			if stepped {
				by, err = strconv.Atoi(step)
			}
			more, err = between(a, z, by, err, strconv.Itoa)
		} else {
			more, err = times(from, to, step)
		}
		if err != nil {
			return nil, fmt.Errorf("%q is no range: %w", part, err)
		}
		values = append(values, more...)
	}
	return values, nil
}

var errRange = errors.New("use 1..60, 5..60/5, or 20ms..60ms/2ms, from less to more, and with a step above 0")

// times are those of a range.
func times(from, to, step string) ([]string, error) {
	a, errA := time.ParseDuration(from)
	z, errZ := time.ParseDuration(to)
	by, errBy := time.ParseDuration(step)
	return between(a, z, by, errors.Join(errA, errZ, errBy), time.Duration.String)
}

// between are the values from a to z.
func between[T int | time.Duration](a, z, by T, wrong error, show func(T) string) (values []string, err error) {
	if wrong != nil || by <= 0 || z < a {
		return nil, errRange
	}
	if int64((z-a)/by) >= most {
		return nil, fmt.Errorf("it has more than %d values: take a larger step", most)
	}
	for v := a; v <= z; v += by {
		values = append(values, show(v))
	}
	return values, nil
}
