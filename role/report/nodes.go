package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"tandem/pipeline"
	"tandem/strategy"
)

// printNodes prints the ledger of every node.
func printNodes(to io.Writer, r pipeline.Report) error {
	names, longest := nodeNames(r.Nodes), 0
	for _, name := range names {
		longest = max(longest, len(name))
	}
	w := tabwriter.NewWriter(to, 0, 0, 1, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "\n%-*s\treceived\trefused\tforwarded\tfinished\tlost\tbusy\tqueue peak\t", longest, "node")
	metered := r.JoulesPerFrame != nil
	if metered {
		fmt.Fprint(w, "energy\t")
	}
	fmt.Fprintln(w)
	for i, n := range r.Nodes {
		busy := time.Duration(n.BusyMS * float64(time.Millisecond)).Round(time.Millisecond)
		fmt.Fprintf(w, "%-*s\t%d\t%d\t%d\t%d\t%d\t%s\t%d\t",
			longest, names[i], n.Received, n.Refused, n.Forwarded, n.Finished, n.Lost, busy, n.QueuePeak)
		if metered {
			fmt.Fprintf(w, "%s\t", joules(n))
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return errors.Join(printDecisions(to, r), printDevices(to, r.Nodes))
}

// nodeNames are the roles, with the address where several nodes have the same one.
func nodeNames(nodes []pipeline.Entry) []string {
	count := make(map[string]int)
	for _, n := range nodes {
		count[n.Role]++
	}
	var names []string
	for _, n := range nodes {
		name := n.Role
		if count[n.Role] > 1 {
			name += " " + n.Address
		}
		names = append(names, name)
	}
	return names
}

// printDecisions prints how the nodes that have somebody to forward to spent their time, and why.
func printDecisions(to io.Writer, r pipeline.Report) error {
	var errs []error
	say := func(role, what, list string) {
		if list != "" {
			_, err := fmt.Fprintf(to, "\n%s %s: %s\n", role, what, list)
			errs = append(errs, err)
		}
	}
	for _, n := range r.Nodes {
		say(n.Role, "spent its time", shares(n.States))
		say(n.Role, "decided", counts(n.Decisions))
	}
	return errors.Join(errs...)
}

// shares lists the states of a node with their part of the time, the longest first.
func shares(states map[pipeline.State]float64) string {
	var parts []string
	for _, s := range byValue(states) {
		parts = append(parts, fmt.Sprintf("%s %.1f %%", s, states[s]))
	}
	return strings.Join(parts, ", ")
}

// counts lists the reasons of a node's decisions with their number, the most frequent first.
func counts(decisions map[strategy.Reason]int64) string {
	var parts []string
	for _, why := range byValue(decisions) {
		parts = append(parts, fmt.Sprintf("%s %d", why, decisions[why]))
	}
	return strings.Join(parts, ", ")
}

// byValue returns the keys, that with the largest value first.
func byValue[K cmp.Ordered, V cmp.Ordered](m map[K]V) []K {
	return slices.SortedFunc(maps.Keys(m), func(a, b K) int { return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b)) })
}
