package monitor

import (
	"fmt"
	"io"
	"sync"
	"time"

	"tandem/pipeline"
)

// Watch prints a line a second with a node's live figures, while a run is open.
type Watch struct {
	stop    chan struct{}
	telling sync.WaitGroup
}

// StartWatch begins to print; Close ends it.
func StartWatch(to io.Writer, look func() Snapshot) *Watch {
	w := &Watch{stop: make(chan struct{})}
	w.telling.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		idle := false
		for {
			select {
			case now := <-tick.C:
				r := look()
				if r.Run != nil || !idle {
					_, _ = io.WriteString(to, watchLine(now, r)) // a terminal that is gone is no reason to stop
				}
				idle = r.Run == nil
			case <-w.stop:
				return
			}
		}
	})
	return w
}

// Close ends the lines.
func (w *Watch) Close() error {
	close(w.stop)
	w.telling.Wait()
	return nil
}

// watchLine has 80 columns.
func watchLine(now time.Time, r Snapshot) string {
	line := fmt.Sprintf("%s %-4s ", now.Format(time.TimeOnly), r.Node.Role)
	if r.Run == nil {
		return line + "no run is open\n"
	}
	if l := r.Live; l != nil && r.Node.Rank() == len(pipeline.Roles)-1 {
		return line + fmt.Sprintf("%-10s coverage %5.1f %% of %d %5.1f f/s age %4.0f, %4.0f ms\n",
			l.State, l.Coverage, l.Sent, l.Rate, l.AgeP50MS, l.AgeP95MS)
	}
	var s pipeline.Status
	for _, s = range r.Nodes {
		if s.NodeID == r.Node {
			break
		}
	}
	return line + fmt.Sprintf("%-10s in %5.1f out %5.1f f/s queue %2d/%-2d %6.1f ms gone %d\n",
		s.State, s.RateIn, s.RateOut, s.Queue, s.Capacity, s.ServiceMS, s.Gone())
}
