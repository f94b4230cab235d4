package report

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"tandem/pipeline"
	"tandem/role/device"
	"tandem/transport"
	"time"

	"github.com/mitchellh/go-wordwrap"
)

// printRuns prints what the runs have in common, and a line for each, in 80 columns.
func printRuns(to io.Writer, reports []pipeline.Report) error {
	if len(reports) == 0 {
		return nil
	}
	r := reports[0]
	cuts := strconv.Itoa(r.Cut)
	if len(r.Cuts) > 0 {
		cuts = pipeline.FormatCuts(r.Cuts)
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
			fmt.Sprintf("%.0f", r.Latency.P50), fmt.Sprintf("%.0f", r.Latency.P99), strconv.FormatInt(t.Refused, 10), strconv.FormatInt(t.Switches, 10)}
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
		t.Outcomes.Add(n.Outcomes)
		t.Switches += n.Switches
	}
	return t
}

// circumstances says what computes, and, where they are not what is usual, what lies between and how values travel.
func circumstances(r pipeline.Report) string {
	text := device.Describe(r.Emulate)
	if r.Link != "" && r.Link != pipeline.RealLink {
		text += ",\nover an emulated link: " + r.Link
	}
	if r.Wire != "" && r.Wire != transport.Float32 {
		text += ",\n" + r.Wire + " on the wire"
	}
	return text
}
