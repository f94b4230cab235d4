package monitor

import (
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/pipeline"
	"tandem/strategy"
)

// Totals are what a node has done since it was started.
type Totals struct {
	Runs  int64
	Entry pipeline.Entry  // all runs together
	Open  bool            // there is a run
	Now   pipeline.Status // of the run that is open
	Below map[string]bool // the nodes below, and whether they answer
}

// Add adds a run, or what it has come to so far.
func (t *Totals) Add(e pipeline.Entry) {
	t.Entry.Outcomes.Add(e.Outcomes)
	t.Entry.Switches += e.Switches
	t.Entry.SwitchMS += e.SwitchMS
	t.Entry.BusyMS += e.BusyMS
	t.Entry.Bytes += e.Bytes
	t.Entry.EnergyJ += e.EnergyJ
	if e.EnergyBy != "" {
		t.Entry.EnergyBy = e.EnergyBy
	}
	decisions := maps.Clone(t.Entry.Decisions)
	if decisions == nil {
		decisions = make(map[strategy.Reason]int64)
	}
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

var _ prometheus.Collector = (*totalsCollector)(nil)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	buildInfo     = describe("tandem_build_info", "What this node is; always 1.", "role", "version", "goversion")
	runsTotal     = describe("tandem_runs_total", "Runs that were opened on this node.")
	runOpen       = describe("tandem_run_open", "Whether a run is open on this node.")
	framesTotal   = describe("tandem_frames_total", "Frames by what became of them; of those received, the others and what is still here are the sum.", "outcome")
	switchesTotal = describe("tandem_switches_total", "How often the tail was made resident.")
	switchSeconds = describe("tandem_switch_seconds_total", "Time in which the tail was made resident.")
	busySeconds   = describe("tandem_busy_seconds_total", "Time in which layers ran.")
	queueLength   = describe("tandem_queue_length", "Frames that wait in the queue.")
	queueCapacity = describe("tandem_queue_capacity", "Places in the queue.")
	decisions     = describe("tandem_decisions_total", "Decisions of the strategy by reason.", "reason")
	stateNow      = describe("tandem_state", "1 for the state that the node is in.", "state")
	neighbourUp   = describe("tandem_neighbour_up", "Whether a node below answers, while a run is open.", "address")
	bytesTotal    = describe("tandem_bytes_total", "Bytes over the node's connections, either way, while runs were open.")
	energyJoules  = describe("tandem_energy_joules_total", "Energy of the device while runs were open, where it is known.", "by")
	refusedPeers  = describe("tandem_refused_peers_total", "Peers that were refused, by reason.", "reason")
	throttled     = describe("tandem_throttled", "Whether the device has lowered its clock, for heat or want of power.")
)

// Describe says what there may be.
func (c *totalsCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{buildInfo, runsTotal, runOpen, framesTotal, bytesTotal, energyJoules, refusedPeers} {
		to <- d
	}
	if c.end() {
		return
	}
	for _, d := range []*prometheus.Desc{switchesTotal, switchSeconds, busySeconds, queueLength, queueCapacity, decisions, stateNow, neighbourUp, throttled} {
		to <- d
	}
}

// Collect says what there is.
func (c *totalsCollector) Collect(to chan<- prometheus.Metric) {
	t := c.Totals()
	c.mu.Lock()
	defer c.mu.Unlock()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	// A frame that was forwarded may come back, and a counter may not: it waits until the count is there again.
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		key := d.String() + strings.Join(labels, ",")
		c.highest[key] = max(c.highest[key], v)
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, c.highest[key], labels...)
	}
	gauge(buildInfo, 1, c.Role, c.Version, runtime.Version())
	gauge(runOpen, number(t.Open))
	counter(runsTotal, float64(t.Runs))
	for outcome, n := range t.Entry.Outcomes.All() {
		counter(framesTotal, float64(n), outcome.String())
	}
	counter(bytesTotal, float64(t.Entry.Bytes))
	for reason, n := range c.Refused() { // also those of which there were none, so that the first one shows as a rise
		counter(refusedPeers, float64(n), reason)
	}
	if t.Entry.EnergyBy != "" {
		counter(energyJoules, t.Entry.EnergyJ, t.Entry.EnergyBy)
	}
	if c.end() {
		return
	}
	counter(switchesTotal, float64(t.Entry.Switches))
	counter(switchSeconds, t.Entry.SwitchMS/1000)
	counter(busySeconds, t.Entry.BusyMS/1000)
	gauge(queueLength, float64(t.Now.Queue))
	gauge(queueCapacity, float64(c.Queue))
	gauge(throttled, number(t.Now.Throttled))
	for _, reason := range slices.Sorted(maps.Keys(t.Entry.Decisions)) {
		counter(decisions, float64(t.Entry.Decisions[reason]), string(reason))
	}
	for _, s := range pipeline.States {
		gauge(stateNow, number(t.Now.State == s), string(s))
	}
	for address, up := range t.Below {
		gauge(neighbourUp, number(up), address)
	}
}

func number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
