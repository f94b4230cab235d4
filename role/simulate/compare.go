package simulate

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"tandem/pipeline"
	"tandem/role/options"
)

// comparison is what a user has named of runs that were played.
type comparison struct {
	like, with string
	played     pipeline.Report // of with
}

// read reads the reports, or a trace, and gives what they say for what the user has not given.
func (c *comparison) read(given options.Given) (fleet *Fleet, err error) {
	if c.with != "" {
		if c.played, err = lastReport(c.with); err != nil {
			return nil, fmt.Errorf("--compare: %w", err)
		}
	}
	if c.like == "" {
		return nil, nil
	}
	if fleet, err = fleetIn(c.like); err != nil {
		return nil, fmt.Errorf("--like %s: %w", c.like, err)
	}
	fleet.Give(given)
	return fleet, nil
}

// compare is a table of two runs, with the differences.
func compare(played, simulated pipeline.Report) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "\n%s\tplayed\tsimulated\tdifference\t\n", "figure")
	points := func(name string, a, b float64) { fmt.Fprintf(w, "%s\t%.1f\t%.1f\t%+.1f\t\n", name, a, b, b-a) }
	share := func(name string, a, b float64) {
		off := "-"
		if a != 0 {
			off = fmt.Sprintf("%+.1f %%", 100*(b/a-1))
		}
		fmt.Fprintf(w, "%s\t%.2f\t%.2f\t%s\t\n", name, a, b, off)
	}
	points("coverage, %", played.Coverage, simulated.Coverage)
	share("rate, f/s", played.Rate, simulated.Rate)
	share("p50, ms", played.Latency.P50, simulated.Latency.P50)
	share("p95, ms", played.Latency.P95, simulated.Latency.P95)
	share("p99, ms", played.Latency.P99, simulated.Latency.P99)
	if played.JoulesPerFrame != nil && simulated.JoulesPerFrame != nil {
		share("J/frame", *played.JoulesPerFrame, *simulated.JoulesPerFrame)
	}
	a, z := totals(played), totals(simulated)
	share("refused", float64(a.Refused), float64(z.Refused))
	share("switches", float64(a.Switches), float64(z.Switches))
	w.Flush()
	if played.Strategy != simulated.Strategy || played.Tasks != simulated.Tasks || played.Frames != simulated.Frames || played.IntervalMS != simulated.IntervalMS {
		fmt.Fprintf(&b, "\nthe runs are not alike: %s, tasks %d, %d frames, one every %g ms was played, and %s, tasks %d, %d frames, one every %g ms simulated\n",
			played.Strategy, played.Tasks, played.Frames, played.IntervalMS, simulated.Strategy, simulated.Tasks, simulated.Frames, simulated.IntervalMS)
	}
	return b.String()
}

// totals adds up what happened on all nodes.
func totals(r pipeline.Report) (t pipeline.Entry) {
	for _, n := range r.Nodes {
		t.Outcomes.Add(n.Outcomes)
		t.Switches += n.Switches
	}
	return t
}
