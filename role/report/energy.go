package report

import (
	"fmt"
	"io"
	"strings"

	"tandem/pipeline"
)

// optional is empty where there is no value.
func optional(format string, v *float64) string {
	if v == nil {
		return ""
	}
	return fmt.Sprintf(format, *v)
}

// joules is a node's energy.
func joules(e pipeline.Entry) string {
	if e.EnergyBy == "" {
		return "-"
	}
	if e.EnergyJ >= 100 {
		return fmt.Sprintf("%.0f J", e.EnergyJ)
	}
	return fmt.Sprintf("%.1f J", e.EnergyJ)
}

// printSources says how the energy of a run is known, and of which nodes.
func printSources(to io.Writer, r pipeline.Report) {
	var parts []string
	for _, g := range alike(r.Nodes, func(e pipeline.Entry) string { return e.EnergyBy }) {
		parts = append(parts, fmt.Sprintf("%s by %s", g.nodes, g.text))
	}
	fmt.Fprintln(to, wrap("energy of "+strings.Join(parts, ", ")))
}

// printDevices prints the condition of the nodes' devices, where it is known, and how they store large layers.
func printDevices(to io.Writer, nodes []pipeline.Entry) {
	stored := alike(nodes, func(e pipeline.Entry) string {
		if e.Weights == "" {
			return ""
		}
		return "large layers are stored as " + e.Weights
	})
	for i, g := range append(alike(nodes, func(e pipeline.Entry) string { return e.Device }), stored...) {
		if i == 0 {
			fmt.Fprintln(to)
		}
		fmt.Fprintln(to, wrap(g.nodes+": "+g.text))
	}
}

// group is nodes of which the same can be said.
type group struct{ nodes, text string }

// alike groups the nodes by what is said of them, in their order. Those of which nothing is are left out.
func alike(nodes []pipeline.Entry, say func(pipeline.Entry) string) (groups []group) {
	var texts []string
	names, all := map[string][]string{}, nodeNames(nodes)
	for i, n := range nodes {
		text := say(n)
		if text != "" && names[text] == nil {
			texts = append(texts, text)
		}
		names[text] = append(names[text], all[i])
	}
	for _, text := range texts {
		of := names[text]
		last := len(of) - 1
		who := of[last]
		switch {
		case last > 0 && len(of) == len(nodes):
			who = "all nodes"
		case last > 3: // of a fleet, the first ones say enough
			who = fmt.Sprintf("%s and %d more nodes", strings.Join(of[:3], ", "), last-2)
		case last > 0:
			who = strings.Join(of[:last], ", ") + " and " + who
		}
		groups = append(groups, group{who, text})
	}
	return groups
}
