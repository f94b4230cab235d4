package monitor

import (
	"fmt"
	"io"
	"time"

	"tandem/pipeline"
)

// Watch prints a line a second with a node's live figures, while a run is open, and one when there is none.
func Watch(to io.Writer, look func() Snapshot) (stop func()) {
	idle := false
	return onBeat(time.Second, func(now time.Time) {
		r := look()
		if r.Run != nil || !idle {
			_, _ = io.WriteString(to, watchLine(now, r)) // a terminal that is gone is no reason to stop
		}
		idle = r.Run == nil
	})
}

// watchLine has 80 columns.
func watchLine(now time.Time, r Snapshot) string {
	line := fmt.Sprintf("%s %-4s ", now.Format(time.TimeOnly), r.Node.Role)
	if r.Run == nil {
		return line + "no run is open\n"
	}
	if l := r.Live; l != nil && r.Node.Role == end {
		if len(l.Down) > 0 {
			return line + fmt.Sprintf("coverage %5.1f %% of %d  %s\n", l.Coverage, l.Sent, downText(l.Down, 36))
		}
		return line + fmt.Sprintf("%-10s coverage %5.1f %% of %d %5.1f f/s age %4.0f, %4.0f ms\n",
			l.State, l.Coverage, l.Sent, l.Rate, l.AgeP50MS, l.AgeP95MS)
	}
	var s pipeline.Status
	for _, s = range r.Nodes {
		if s.NodeID == r.Node {
			break
		}
	}
	if r.Live != nil && len(r.Live.Down) > 0 {
		return line + fmt.Sprintf("in %5.1f out %5.1f f/s  %s\n", s.RateIn, s.RateOut, downText(r.Live.Down, 36))
	}
	return line + fmt.Sprintf("%-10s in %5.1f out %5.1f f/s queue %2d/%-2d %6.1f ms gone %d\n",
		s.State, s.RateIn, s.RateOut, s.Queue, s.Capacity, s.ServiceMS, s.Gone())
}
