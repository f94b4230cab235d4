package report

import (
	"fmt"
	"io"
	"slices"
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
	return fmt.Sprintf("%.1f J", e.EnergyJ)
}

// printSources says once how the energy is known, and of which nodes.
func printSources(to io.Writer, reports []pipeline.Report) {
	for _, r := range reports {
		if r.JoulesPerFrame == nil {
			continue
		}
		var parts []string
		for _, g := range alike(r.Nodes, func(e pipeline.Entry) string { return e.EnergyBy }) {
			parts = append(parts, fmt.Sprintf("%s by %s", g.nodes, g.text))
		}
		fmt.Fprintf(to, "\nenergy of %s\n", strings.Join(parts, ", "))
		return // the same nodes played the others
	}
}

// printDevices prints the condition of the nodes' devices, where it is known.
func printDevices(to io.Writer, nodes []pipeline.Entry) error {
	var lines strings.Builder
	for i, g := range alike(nodes, func(e pipeline.Entry) string { return e.Device }) {
		if i == 0 {
			fmt.Fprintln(&lines)
		}
		fmt.Fprintf(&lines, "%s: %s\n", g.nodes, g.text)
	}
	_, err := io.WriteString(to, lines.String())
	return err
}

// group is nodes of which the same can be said.
type group struct{ nodes, text string }

// alike groups the nodes by what is said of them, in their order. Those of which nothing is are left out.
func alike(nodes []pipeline.Entry, say func(pipeline.Entry) string) []group {
	var groups []group
	var names [][]string
	all := nodeNames(nodes)
	for i, n := range nodes {
		text := say(n)
		if text == "" {
			continue
		}
		g := slices.IndexFunc(groups, func(g group) bool { return g.text == text })
		if g < 0 {
			g = len(groups)
			groups, names = append(groups, group{text: text}), append(names, nil)
		}
		names[g] = append(names[g], all[i])
	}
	for i, of := range names {
		last := len(of) - 1
		switch {
		case len(of) == len(nodes) && last > 0:
			groups[i].nodes = "all nodes"
		case last > 0:
			groups[i].nodes = strings.Join(of[:last], ", ") + " and " + of[last]
		default:
			groups[i].nodes = of[0]
		}
	}
	return groups
}
