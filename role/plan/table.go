package plan

import (
	"fmt"
	"io"
	"strings"

	"tandem/role/report"

	"github.com/dustin/go-humanize"
)

// print prints a plan in 80 columns.
func (p Plan) print(to io.Writer) {
	fmt.Fprintf(to, "%s, %s: %.1f f/s with --strategy %s, %.0f ms from input to output\n\n", p.Model, p.title(), p.Rate, p.Strategy, p.LatencyMS)
	fmt.Fprintf(to, "%-23s %-4s  %9s  %8s  %9s  %9s  %s\n", "node", "role", "layers", "ms", "weights", "Mbit/s", "trip ms")
	for _, n := range p.Nodes {
		fmt.Fprintf(to, "%-23s %-4s  %9s  %8.2f  %9s  %9s  %7.1f\n", report.Shorten(n.Address, 23), n.Role, fmt.Sprintf("%d-%d", n.From, n.To-1),
			n.TakesMS, humanize.IBytes(uint64(n.Weights)), rate(n.SendsMbit), n.TripMS)
	}
	for _, n := range p.Unused {
		fmt.Fprintf(to, "%-23s %-4s  %9s  %8s  %9s  %9s  %7.1f\n", report.Shorten(n.Address, 23), "-", "-", "-", "-", rate(n.SendsMbit), n.TripMS)
	}
	for _, note := range p.Notes {
		fmt.Fprintf(to, "\nnote: %s\n", note)
	}
}

// printCommands prints what has to be typed for it.
func (p Plan) printCommands(to io.Writer, model, end string) error {
	_, err := fmt.Fprintf(to, "\nOn these devices:\n\n  %s\n", strings.Join(p.commands(model, end), "\n  "))
	return err
}

func (p Plan) title() string {
	if p.For == Latency {
		return "the shortest way"
	}
	return "the highest rate"
}

func rate(mbit float64) string {
	if mbit == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", mbit)
}

// commands are what has to be typed on each device, those that others wait for first.
func (p Plan) commands(model, end string) (lines []string) {
	lines = append(lines, fmt.Sprintf("%s: tandem --role end", end))
	for i := len(p.Nodes) - 1; i >= 0; i-- {
		n := p.Nodes[i]
		line := []string{n.Address + ": tandem --role", n.Role}
		if model != "" {
			line = append(line, "--model", model)
		}
		behind := false
		for _, next := range p.Nodes {
			if next.Stage == n.Stage+1 {
				line, behind = append(line, "--next", next.Address), true
			}
		}
		if behind {
			line = append(line, "--end", end)
		} else {
			line = append(line, "--next", end)
		}
		if n.Role == "fast" {
			for _, cut := range p.Cuts {
				line = append(line, "--cut", fmt.Sprint(cut))
			}
			line = append(line, "--strategy", p.Strategy)
			if p.Wire != "float32" {
				line = append(line, "--wire", p.Wire)
			}
		}
		lines = append(lines, strings.Join(line, " "))
	}
	return append(lines, "client: tandem --role client --next "+p.Nodes[0].Address)
}
