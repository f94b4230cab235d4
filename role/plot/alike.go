package plot

import (
	"fmt"
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
}

// circumstance is what a run was made under, whatever its strategy.
type circumstance struct {
	name string // that of the parameter, if it is one
	text func(run) string
}

func circumstances() []circumstance {
	return []circumstance{
		{"model", func(r run) string { return r.Model }},
		{"cut", func(r run) string { return fmt.Sprint("cut at ", r.Cut) }},
		{"further cuts", func(r run) string {
			if len(r.Cuts) < 2 {
				return ""
			}
			return fmt.Sprint("and at ", r.Cuts[1:])
		}},
		{"frames", func(r run) string { return counted(r.Frames, "frame") }},
		{"rate", func(r run) string {
			if r.IntervalMS == 0 {
				return "as fast as they are taken"
			}
			return fmt.Sprintf("one every %.3g ms", r.IntervalMS)
		}},
		{"nodes", func(r run) string { return counted(int64(r.slow), "slow node") }},
		{"emulate", func(r run) string {
			if r.Emulate == "off" {
				return "no emulation"
			}
			return "emulating " + r.Emulate
		}},
		{"link", func(r run) string { return r.Link + " link" }},
		{"wire", func(r run) string { return r.Wire + " on the wire" }},
		{"version", func(r run) string {
			if r.Version == "" {
				return ""
			}
			return "version " + r.Version
		}},
	}
}

// compare says what all runs share, and in what they differ, but for the parameter.
func compare(runs []run, by parameter) (shared []string, differ []circumstance) {
	for _, c := range circumstances() {
		if c.name == by.name {
			continue
		}
		same := true
		for _, r := range runs {
			same = same && c.text(r) == c.text(runs[0])
		}
		if !same {
			differ = append(differ, c)
		} else if text := c.text(runs[0]); text != "" {
			shared = append(shared, short(text))
		}
	}
	return shared, differ
}

// named tells a run's line from the others: by its strategy and how that was set, and by what not all runs share.
func (r run) named(by parameter, differ []circumstance) string {
	parts := []string{r.Strategy}
	if r.Tasks > 0 && by.name != "tasks" {
		parts = append(parts, counted(int64(r.Tasks), "task"))
	}
	if own, err := strategy.Lookup(r.Strategy); r.Load != "" && (err != nil || r.Load != string(own.Loading)) {
		parts = append(parts, r.Load+" load")
	}
	for _, c := range differ {
		if text := c.text(r); text != "" {
			parts = append(parts, short(text))
		}
	}
	return strings.Join(parts, ", ")
}

func counted(n int64, what string) string {
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
