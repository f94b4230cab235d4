package plot

import (
	"fmt"
	"slices"
	"strings"

	"tandem/pipeline"
	"tandem/strategy"
)

// Runs are alike if nothing but the parameter of the horizontal axis differs. Only they are on one line and in one
// median. What all runs of a picture share stands in its caption; what they differ in stands in the names of its lines.
// On the page alike.js does the same.

// run is a report, and where it stands among the others.
type run struct {
	pipeline.Report
	ordinal, slow int
	made          []circumstance
}

// circumstance is what a run was made under, whatever its strategy.
type circumstance struct{ name, text string } // the name is that of the parameter, if it is one

// measured is said only beside what was simulated.
const measured = "measured"

// circumstances are the same ones for each run; what it doesn't say has no text.
func (r run) circumstances() []circumstance {
	furtherCuts, pace, device, version, how := "", "as fast as they are taken", "no emulation", "", measured
	if r.Simulated {
		how = "simulated"
	}
	if len(r.Cuts) > 1 {
		furtherCuts = fmt.Sprint("and at ", r.Cuts[1:])
	}
	if r.IntervalMS > 0 {
		pace = fmt.Sprintf("one every %.3g ms", r.IntervalMS)
	}
	if r.Emulate != "off" {
		device = "emulating " + r.Emulate
	}
	if r.Version != "" {
		version = "version " + r.Version
	}
	return []circumstance{
		{"model", r.Model}, {"cut", fmt.Sprint("cut at ", r.Cut)}, {"further cuts", furtherCuts},
		{"frames", counted(r.Frames, "frame")}, {"rate", pace}, {"nodes", counted(r.slow, "slow node")},
		{"emulate", device}, {"link", r.Link + " link"}, {"wire", r.Wire + " on the wire"}, {"version", version},
		{"how", how},
	}
}

// compare says what all runs share, and which of their circumstances differ, but for the parameter.
func compare(runs []run, by parameter) (shared []string, differ []int) {
	for i, c := range runs[0].made {
		switch {
		case c.name == by.name:
		case slices.ContainsFunc(runs, func(r run) bool { return r.made[i] != c }):
			differ = append(differ, i)
		case c.text != "" && c.text != measured:
			shared = append(shared, short(c.text))
		}
	}
	return shared, differ
}

// named tells a run's line from the others: by its strategy and how that was set, and by what not all runs share.
func (r run) named(by parameter, differ []int) string {
	parts := []string{r.Strategy}
	if r.Tasks > 0 && by.name != "tasks" {
		parts = append(parts, counted(r.Tasks, "task"))
	}
	if own, err := strategy.Lookup(r.Strategy); r.Load != "" && (err != nil || r.Load != string(own.Loading)) {
		parts = append(parts, r.Load+" load")
	}
	for _, i := range differ {
		if text := r.made[i].text; text != "" {
			parts = append(parts, short(text))
		}
	}
	return strings.Join(parts, ", ")
}

func counted[N int | int64](n N, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// longestText is what a picture has room for beside other texts.
const longestText = 48

func short(text string) string {
	if runes := []rune(text); len(runes) > longestText {
		return string(runes[:longestText-1]) + "…"
	}
	return text
}
