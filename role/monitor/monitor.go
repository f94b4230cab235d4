// Package monitor shows a node to people, probes and Prometheus: status, metrics, events, the history of runs, the page,
// and lines on a terminal. It knows no node: it is given snapshots.
//
//	node ──Snapshot──▶ /status  History (a sample a second) ──▶ /events  the page
//	     ──Totals────▶ Metrics  /metrics
//	     ──Ready─────▶ /readyz
package monitor

import (
	"net/http"
	"sync"
	"time"

	"tandem/pipeline"
)

// Options say what is shown, and where it comes from. The functions are called at any time, by several goroutines.
type Options struct {
	Role    string
	Version string
	Queue   int // places; end has none

	Snapshot func() Snapshot
	Totals   func() Totals
	// Ready says why frames could not go on from this node, or why not to every node below; nil: they could.
	Ready   func() (failed, missing error)
	Refused func() map[string]int64 // peers, by reason
	Log     func(error)             // told what can't be shown
	Results http.Handler            // end's: the answers, as they come; nil: not shown
}

// end is the role of the node that has the history.
var end = pipeline.Roles[len(pipeline.Roles)-1]

// Monitor is what one node shows.
type Monitor struct {
	Options
	Metrics *Metrics
	History *History // end's; nil on the others
}

// New begins to watch a node; Close ends it.
func New(o Options) *Monitor {
	m := &Monitor{Options: o, Metrics: newMetrics(o)}
	if o.Role == end {
		m.History = StartHistory(o.Snapshot, o.Log)
	}
	return m
}

// Close sends those who watch away. It may be called more than once.
func (m *Monitor) Close() {
	if m.History != nil {
		m.History.Close()
	}
}

// onBeat calls a function on each beat, until it is stopped. To stop waits for the last call, and may be done more than once.
func onBeat(beat time.Duration, call func(now time.Time)) (stop func()) {
	done := make(chan struct{})
	var calling sync.WaitGroup
	calling.Go(func() {
		tick := time.Tick(beat)
		for {
			select {
			case now := <-tick:
				call(now)
			case <-done:
				return
			}
		}
	})
	return sync.OnceFunc(func() {
		close(done)
		calling.Wait()
	})
}
