package report

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mitchellh/go-wordwrap"

	"tandem/pipeline"
	"tandem/role/device"
	"tandem/transport"
)

// printRuns prints what the runs have in common, and a line for each, in 80 columns.
func printRuns(to io.Writer, reports []pipeline.Report) {
	if len(reports) == 0 {
		return
	}
	r := reports[0]
	cuts := cmp.Or(pipeline.FormatCuts(r.Cuts), strconv.Itoa(r.Cut))
	fmt.Fprintf(to, "%s cut at %s, %d frames, one every %s,\n%s\n\n",
		r.Model, cuts, r.Frames, time.Duration(r.IntervalMS*float64(time.Millisecond)), circumstances(r))
	labelled := slices.ContainsFunc(reports, func(r pipeline.Report) bool { return r.Accuracy != nil })
	metered := slices.IndexFunc(reports, func(r pipeline.Report) bool { return r.JoulesPerFrame != nil }) // the first
	line := "%-9s  %5v  %8s  %6s  %6s  %6s  %7v  %8v"
	heads := []any{"strategy", "tasks", "coverage", "f/s", "p50 ms", "p99 ms", "refused", "switches"}
	if metered >= 0 {
		line, heads = line+"  %7s", append(heads, "J/frame")
	}
	if labelled {
		line, heads = line+"  %8s", append(heads, "accuracy")
	}
	if metered >= 0 && labelled {
		line = strings.ReplaceAll(line, "  ", " ")
	}
	row := func(cells ...any) { fmt.Fprintln(to, strings.TrimRight(fmt.Sprintf(line, cells...), " ")) }
	row(heads...)
	for _, r := range reports {
		t := totals(r)
		var tasks any = r.Tasks
		if r.Tasks == 0 {
			tasks = "-"
		}
		cells := []any{r.Strategy, tasks, fmt.Sprintf("%.1f %%", r.Coverage), fmt.Sprintf("%.2f", r.Rate),
			fmt.Sprintf("%.0f", r.Latency.P50), fmt.Sprintf("%.0f", r.Latency.P99), t.Refused, t.Switches}
		if metered >= 0 {
			cells = append(cells, optional("%.3f", r.JoulesPerFrame))
		}
		if labelled {
			cells = append(cells, optional("%.1f %%", r.Accuracy))
		}
		row(cells...)
	}
	best := printBest(to, reports)
	if metered >= 0 {
		if !best {
			fmt.Fprintln(to)
		}
		printSources(to, reports[metered]) // the same nodes played the others
	}
	for _, r := range reports {
		printRecuts(to, r)
		printLosses(to, r)
		printLastSeen(to, r)
		for i, note := range together(r.Notes) {
			if i == 0 {
				fmt.Fprintln(to)
			}
			fmt.Fprintln(to, wrap(r.Strategy+": "+note))
		}
	}
}

// printRecuts says when the run was cut anew, and why.
func printRecuts(to io.Writer, r pipeline.Report) {
	for i, c := range r.Recuts {
		if i == 0 {
			fmt.Fprintln(to)
		}
		fmt.Fprintln(to, wrap(fmt.Sprintf("%s: after %.1f s cut at %s instead of %s, as %s", r.Strategy, c.AtS,
			pipeline.FormatCuts(c.Cuts), pipeline.FormatCuts(c.Was), c.Why)))
	}
}

// printBest says what was possible at best, if that is known, where all reports agree on it but for what measurements differ.
func printBest(to io.Writer, reports []pipeline.Report) (is bool) {
	for _, r := range reports {
		if r.BestCoverage != nil {
			fmt.Fprintf(to, "\nat best these devices reach %.1f %% and %.2f f/s\n", *r.BestCoverage, *r.BestRate)
			return true
		}
	}
	return false
}

// wrap breaks a text into lines of at most 80 columns, the further ones indented.
func wrap(text string) string {
	const columns, indent = 80, 4
	return strings.ReplaceAll(wordwrap.WrapString(text, columns-indent), "\n", "\n"+strings.Repeat(" ", indent))
}

// What may differ in notes of slow nodes that say the same.
var (
	slowNode = regexp.MustCompile(`^slow \([^)]*\) `)
	figure   = regexp.MustCompile(`[0-9.]+`)
)

// together says once what several slow nodes say alike.
func together(notes []string) []string {
	others := make(map[string]int)
	key := func(note string) string { return figure.ReplaceAllString(slowNode.ReplaceAllString(note, ""), "") }
	var said []string
	for _, note := range notes {
		if slowNode.MatchString(note) {
			if others[key(note)]++; others[key(note)] > 1 {
				continue
			}
		}
		said = append(said, note)
	}
	for i, note := range said {
		if n := others[key(note)] - 1; n > 0 && slowNode.MatchString(note) {
			said[i] = fmt.Sprintf("%s (and so, more or less, did %s)", note, counted(n, "more slow node"))
		}
	}
	return said
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
	if r.Simulated {
		text = "simulated, " + text
	}
	if r.Link != "" && r.Link != pipeline.RealLink {
		text += ",\nover an emulated link: " + r.Link
	}
	if r.Wire != "" && r.Wire != transport.Float32 {
		text += ",\n" + r.Wire + " on the wire"
	}
	return text
}
