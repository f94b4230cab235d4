package discover

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mitchellh/go-wordwrap"

	"tandem/role/options"
)

// columns is how wide a terminal is taken to be.
const columns = 80

// order is that in which frames pass the roles.
var order = []options.Role{options.Fast, options.Slow, options.End}

// print prints nodes as a table for each pipeline, and what is wrong with them.
func print(to io.Writer, nodes []Seen) error {
	if len(nodes) == 0 {
		_, err := fmt.Fprintln(to, "No node announces itself on this network.")
		return err
	}
	nodes = slices.Clone(nodes)
	slices.SortStableFunc(nodes, func(a, b Seen) int {
		if c := strings.Compare(a.Pipeline, b.Pipeline); c != 0 {
			return c
		}
		return slices.Index(order, a.Role) - slices.Index(order, b.Role)
	})
	var text strings.Builder
	for i, n := range nodes {
		if i == 0 || n.Pipeline != nodes[i-1].Pipeline {
			if i > 0 {
				text.WriteByte('\n')
			}
			if n.Pipeline != "" {
				fmt.Fprintf(&text, "pipeline %s\n", n.Pipeline)
			}
			row(&text, "node", "role", "host", "model", "version", "device", "load", "")
		}
		load, answers := fmt.Sprintf("%.2f", n.Load), ""
		if n.Error != "" {
			load, answers = "-", "no"
		}
		row(&text, n.Name, string(n.Role), n.Host, n.Model, n.Version, n.Device, load, answers)
	}
	for _, w := range warnings(nodes) {
		fmt.Fprintf(&text, "\n%s\n", wordwrap.WrapString(w, columns))
	}
	_, err := io.WriteString(to, text.String())
	return err
}

// row is a line of the table.
func row(to io.Writer, name, role, host, model, version, device, load, answers string) {
	line := fmt.Sprintf("%-11s %-4s %-10s %-14s %-11s %-15s %4s %s", fit(name, 11), fit(role, 4), fit(host, 10), fit(model, 14), fit(version, 11), fit(device, 15), load, answers)
	fmt.Fprintln(to, strings.TrimRight(line, " "))
}

// fit keeps a text within so many columns.
func fit(s string, columns int) string {
	if s == "" {
		return "-"
	}
	if r := []rune(s); len(r) > columns {
		return string(r[:columns-1]) + "…"
	}
	return s
}

// warnings say which nodes do not answer, and where versions differ.
func warnings(nodes []Seen) (all []string) {
	versions := map[string][]string{}
	for _, n := range nodes {
		if n.Error != "" {
			all = append(all, fmt.Sprintf("%s (%s, %s) does not answer: %s", n.Name, n.Host, n.Address, n.Error))
			continue
		}
		versions[n.Version] = append(versions[n.Version], n.Name)
	}
	if len(versions) > 1 {
		var of []string
		for v, names := range versions {
			of = append(of, fmt.Sprintf("%s on %s", v, strings.Join(names, ", ")))
		}
		slices.Sort(of)
		all = append(all, "The versions differ: "+strings.Join(of, "; ")+". Install the same one everywhere.")
	}
	return all
}
