package report

import (
	"fmt"
	"io"
	"strings"

	"tandem/pipeline"
)

// printLosses says what became of frames that did not arrive once, and on time, and who has not told of its frames.
func printLosses(to io.Writer, r pipeline.Report) {
	say := func(any int64, format string, args ...any) {
		if any != 0 {
			fmt.Fprintf(to, "\n%s\n", wrap(r.Strategy+": "+fmt.Sprintf(format, args...)))
		}
	}
	t := totals(r)
	say(t.Lost|r.Unaccounted|r.Duplicates, "%d frames lost on the way, %d unaccounted for, %d duplicates", t.Lost, r.Unaccounted, r.Duplicates)
	say(r.Forgotten, "end was started again, and has forgotten %d results that it had taken before", r.Forgotten)
	say(r.Died, "%d frames died with nodes that were started again or don't answer", r.Died)
	say(t.Dropped|t.Expired, "%d frames dropped for newer ones, %d expired", t.Dropped, t.Expired)
	say(r.Skipped, "%d pictures skipped by the client: a newer one was there, or they were damaged", r.Skipped)
	say(int64(len(r.Missing)), "no ledger came from %s", strings.Join(called(r.Missing), ", "))
}

// called are the names of nodes.
func called(nodes []pipeline.NodeID) (names []string) {
	for _, n := range nodes {
		names = append(names, n.String())
	}
	return names
}

// causes are what a table says of frames that were last seen on a node.
var causes = map[string]string{
	pipeline.Gone:      "refused, dropped, expired or lost on %v",
	pipeline.Died:      "died with %v",
	pipeline.Forgotten: "forgotten by %v",
}

// printLastSeen says where frames that have not arrived were last seen, where the report tells it.
func printLastSeen(to io.Writer, r pipeline.Report) {
	for i, s := range r.LastSeen {
		if i == 0 {
			fmt.Fprintln(to)
		}
		which, where := "frames", "unaccounted for, as no node tells of them"
		if !strings.ContainsAny(s.Frames, "-,") {
			which = "frame"
		}
		if cause, is := causes[s.Cause]; is {
			where = fmt.Sprintf(cause, s.NodeID)
		}
		ranges := strings.ReplaceAll(s.Frames, ",", ", ") // so that a long list can be broken
		fmt.Fprintln(to, wrap(fmt.Sprintf("%s: %s %s: %s", r.Strategy, which, ranges, where)))
	}
}
