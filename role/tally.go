package role

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

// tally is what a node has done since it was started.
type tally struct {
	runs  int64
	entry pipeline.Entry  // all runs together
	open  bool            // there is a run
	now   pipeline.Status // of the run that is open
	below map[string]bool // the nodes below, and whether they answer
}

func (t *tally) add(e pipeline.Entry) {
	t.entry.Received += e.Received
	t.entry.Refused += e.Refused
	t.entry.Dropped += e.Dropped
	t.entry.Expired += e.Expired
	t.entry.Forwarded += e.Forwarded
	t.entry.Finished += e.Finished
	t.entry.Lost += e.Lost
	t.entry.Switches += e.Switches
	t.entry.SwitchMS += e.SwitchMS
	t.entry.BusyMS += e.BusyMS
	t.entry.Bytes += e.Bytes
	t.entry.EnergyJ += e.EnergyJ
	if e.EnergyBy != "" {
		t.entry.EnergyBy = e.EnergyBy
	}
	decisions := maps.Clone(t.entry.Decisions)
	if decisions == nil {
		decisions = make(map[strategy.Reason]int64)
	}
	for reason, n := range e.Decisions {
		decisions[reason] += n
	}
	t.entry.Decisions = decisions
}

// tally adds the run that is open to those that were.
func (n *node) tally() tally {
	n.mu.Lock()
	defer n.mu.Unlock()
	t := n.total
	if s := n.run; s != nil && s.part != nil {
		t.open, t.now, t.below = true, s.part.status(), s.part.below()
		t.add(t.now.Entry)
	}
	return t
}

// tallies shows a node's tally when Prometheus asks for it.
type tallies struct {
	node *node

	mu      sync.Mutex
	highest map[string]float64 // of each counter so far
}

var _ prometheus.Collector = (*tallies)(nil)

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
	throttled     = describe("tandem_throttled", "Whether the device has lowered its clock, for heat or want of power.")
)

// Describe says what there may be.
func (c *tallies) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{buildInfo, runsTotal, runOpen, framesTotal, bytesTotal, energyJoules} {
		to <- d
	}
	if c.node.role == End {
		return
	}
	for _, d := range []*prometheus.Desc{switchesTotal, switchSeconds, busySeconds, queueLength, queueCapacity, decisions, stateNow, neighbourUp, throttled} {
		to <- d
	}
}

// Collect says what there is.
func (c *tallies) Collect(to chan<- prometheus.Metric) {
	t := c.node.tally()
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
	gauge(buildInfo, 1, string(c.node.role), c.node.version, runtime.Version())
	gauge(runOpen, number(t.open))
	counter(runsTotal, float64(t.runs))
	for outcome, n := range map[string]int64{
		"received": t.entry.Received, "refused": t.entry.Refused, "dropped": t.entry.Dropped, "expired": t.entry.Expired,
		"forwarded": t.entry.Forwarded, "finished": t.entry.Finished, "lost": t.entry.Lost,
	} {
		counter(framesTotal, float64(n), outcome)
	}
	counter(bytesTotal, float64(t.entry.Bytes))
	if t.entry.EnergyBy != "" {
		counter(energyJoules, t.entry.EnergyJ, t.entry.EnergyBy)
	}
	if c.node.role == End {
		return
	}
	counter(switchesTotal, float64(t.entry.Switches))
	counter(switchSeconds, t.entry.SwitchMS/1000)
	counter(busySeconds, t.entry.BusyMS/1000)
	gauge(queueLength, float64(t.now.Queue))
	gauge(queueCapacity, float64(c.node.queue))
	gauge(throttled, number(t.now.Throttled))
	for _, reason := range slices.Sorted(maps.Keys(t.entry.Decisions)) {
		counter(decisions, float64(t.entry.Decisions[reason]), string(reason))
	}
	for _, s := range []pipeline.State{pipeline.Forwarding, pipeline.Finishing, pipeline.Switching, pipeline.HopDown} {
		gauge(stateNow, number(t.now.State == s), string(s))
	}
	for address, up := range t.below {
		gauge(neighbourUp, number(up), address)
	}
}

func number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
