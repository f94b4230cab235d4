package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"tandem/pipeline"
	"tandem/transport"
)

// printNodes prints the ledger of every node.
func printNodes(to io.Writer, r pipeline.Report) {
	names, longest := nodeNames(r.Nodes), 0
	for _, name := range names {
		longest = max(longest, utf8.RuneCountInString(name))
	}
	w := tabwriter.NewWriter(to, 0, 0, 0, ' ', tabwriter.AlignRight) // the cells have their gaps
	energy := func(text string) string {
		if r.JoulesPerFrame == nil {
			return ""
		}
		return " " + text + "\t"
	}
	fmt.Fprintf(w, "\n%-*s\t received\t refused\t forwarded\t finished\t lost\t busy\t peak\t%s\n", longest, "node", energy("energy"))
	for i, n := range r.Nodes {
		busy := time.Duration(n.BusyMS * float64(time.Millisecond)).Round(time.Millisecond)
		if busy > 10*time.Second {
			busy = busy.Round(time.Second)
		}
		fmt.Fprintf(w, "%-*s\t %d\t %d\t %d\t %d\t %d\t %s\t %d\t%s\n",
			longest, names[i], n.Received, n.Refused, n.Forwarded, n.Finished, n.Lost, busy, n.QueuePeak, energy(joules(n)))
	}
	w.Flush()
	printDecisions(to, r.Nodes)
	printDevices(to, r.Nodes)
}

// nodeNames are the roles, with the address, less the usual port, where several nodes have the same one.
func nodeNames(nodes []pipeline.Entry) []string {
	count := make(map[string]int)
	for _, n := range nodes {
		count[n.Role]++
	}
	var names []string
	for _, n := range nodes {
		name := n.Role
		if count[n.Role] > 1 {
			name += " " + Short(strings.TrimSuffix(n.Address, ":"+transport.Port), 15)
		}
		names = append(names, name)
	}
	return names
}

// Short leaves out the middle of an address that has no room in so many columns.
func Short(address string, columns int) string {
	r := []rune(address)
	if len(r) <= columns {
		return address
	}
	end := columns / 2
	return string(r[:columns-end-1]) + "…" + string(r[len(r)-end:])
}

// printDecisions prints how the nodes that have somebody to forward to spent their time, and why.
func printDecisions(to io.Writer, nodes []pipeline.Entry) {
	for _, n := range nodes {
		if states := ranked(n.States, "%s %.1f %%"); states != "" {
			fmt.Fprintf(to, "\n%s spent its time: %s\n", n.Role, states)
		}
		if reasons := ranked(n.Decisions, "%s %d"); reasons != "" {
			fmt.Fprintf(to, "\n%s decided: %s\n", n.Role, reasons)
		}
	}
}

// ranked lists keys with their values, the largest value first.
func ranked[K, V cmp.Ordered](m map[K]V, format string) string {
	var parts []string
	for _, k := range slices.SortedFunc(maps.Keys(m), func(a, b K) int { return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b)) }) {
		parts = append(parts, fmt.Sprintf(format, k, m[k]))
	}
	return strings.Join(parts, ", ")
}
