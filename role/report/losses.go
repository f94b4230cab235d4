package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/dustin/go-humanize/english"

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
	say(t.Lost|r.Unaccounted|r.Duplicates, "%s lost on the way, %d unaccounted for, %s", counted(t.Lost, "frame"), r.Unaccounted, counted(r.Duplicates, "duplicate"))
	say(r.Forgotten, "end was started again, and has forgotten %s that it had taken before", counted(r.Forgotten, "result"))
	say(r.Died, "%s died with nodes that were started again or don't answer", counted(r.Died, "frame"))
	say(t.Dropped|t.Expired, "%s dropped for newer ones, %d expired", counted(t.Dropped, "frame"), t.Expired)
	say(r.Skipped, "%s skipped by the client, as newer ones were there, or as they were damaged", counted(r.Skipped, "picture"))
	say(int64(len(r.Missing)), "no ledger came from %s", strings.Join(called(r.Missing), ", "))
}

// counted is "1 frame" or "2 frames".
func counted[N int | int64](n N, of string) string {
	return fmt.Sprintf("%d %s", n, english.PluralWord(int(min(n, 2)), of, "")) // an int64 may be more than an int holds
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
