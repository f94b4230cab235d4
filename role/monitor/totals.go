package monitor

import (
	"cmp"
	"maps"
	"runtime"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/pipeline"
	"tandem/strategy"
)

// Totals are what a node has done since it was started.
type Totals struct {
	Runs  int64
	Entry pipeline.Entry           // all runs together
	Open  bool                     // there is a run
	Now   pipeline.Status          // of the run that is open
	Below map[pipeline.NodeID]bool // the nodes below, and whether they answer
}

// Add adds a run, or what it has come to so far.
func (t *Totals) Add(e pipeline.Entry) {
	t.Entry.Outcomes.Add(e.Outcomes)
	t.Entry.Switches += e.Switches
	t.Entry.SwitchMS += e.SwitchMS
	t.Entry.BusyMS += e.BusyMS
	t.Entry.Bytes += e.Bytes
	t.Entry.EnergyJ += e.EnergyJ
	t.Entry.EnergyBy = cmp.Or(e.EnergyBy, t.Entry.EnergyBy)
	decisions := make(map[strategy.Reason]int64)
	maps.Copy(decisions, t.Entry.Decisions) // of which others have the old one
	for reason, n := range e.Decisions {
		decisions[reason] += n
	}
	t.Entry.Decisions = decisions
}

// totalsCollector shows a node's totals when Prometheus asks for them.
type totalsCollector struct {
	Options

	mu      sync.Mutex
	highest map[string]float64 // of each counter so far
}

// Describe says nothing beforehand: what there is, Collect says.
func (c *totalsCollector) Describe(chan<- *prometheus.Desc) {}

// Collect says what there is.
func (c *totalsCollector) Collect(to chan<- prometheus.Metric) {
	type labels = prometheus.Labels
	t := c.Totals()
	c.mu.Lock()
	defer c.mu.Unlock()
	gauge := func(name, help string, v float64, l labels) {
		to <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, nil, l), prometheus.GaugeValue, v)
	}
	// A frame that was forwarded may come back, and a counter may not: it waits until the count is there again.
	counter := func(name, help string, v float64, l labels) {
		d := prometheus.NewDesc(name, help, nil, l)
		v = max(v, c.highest[d.String()])
		c.highest[d.String()] = v
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v)
	}
	gauge("tandem_build_info", "What this node is; always 1.", 1,
		labels{"role": c.Role, "version": c.Version, "goversion": runtime.Version()})
	counter("tandem_runs_total", "Runs that were opened on this node.", float64(t.Runs), nil)
	gauge("tandem_run_open", "Whether a run is open on this node.", number(t.Open), nil)
	for outcome, n := range t.Entry.Outcomes.All() {
		counter("tandem_frames_total", "Frames by what became of them; of those received, the others and what is still here are the sum.",
			float64(n), labels{"outcome": outcome.String()})
	}
	counter("tandem_bytes_total", "Bytes over the node's connections, either way, while runs were open.", float64(t.Entry.Bytes), nil)
	if by := t.Entry.EnergyBy; by != "" {
		counter("tandem_energy_joules_total", "Energy of the device while runs were open, where it is known.",
			t.Entry.EnergyJ, labels{"by": by})
	}
	for reason, n := range c.Refused() { // also those of which there were none, so that the first one shows as a rise
		counter("tandem_refused_peers_total", "Peers that were refused, by reason.", float64(n), labels{"reason": reason})
	}
	if c.Role == end {
		return
	}
	counter("tandem_switches_total", "How often the tail was made resident.", float64(t.Entry.Switches), nil)
	counter("tandem_switch_seconds_total", "Time in which the tail was made resident.", t.Entry.SwitchMS/1000, nil)
	counter("tandem_busy_seconds_total", "Time in which layers ran.", t.Entry.BusyMS/1000, nil)
	gauge("tandem_queue_length", "Frames that wait in the queue.", float64(t.Now.Queue), nil)
	gauge("tandem_queue_capacity", "Places in the queue.", float64(c.Queue), nil)
	gauge("tandem_throttled", "Whether the device has lowered its clock, for heat or want of power.", number(t.Now.Throttled), nil)
	for reason, n := range t.Entry.Decisions {
		counter("tandem_decisions_total", "Decisions of the strategy by reason.", float64(n), labels{"reason": string(reason)})
	}
	for _, s := range pipeline.States {
		gauge("tandem_state", "1 for the state that the node is in.", number(t.Now.State == s), labels{"state": string(s)})
	}
	for id, up := range t.Below {
		gauge("tandem_neighbour_up", "Whether a node below answers, while a run is open.", number(up), labels{"role": id.Role, "address": id.Address})
	}
}

func number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
