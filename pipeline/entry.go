package pipeline

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem/strategy"
)

// Entry is what a node adds to the run's report.
type Entry struct {
	NodeID
	Outcomes
	Switches  int64   `json:"switches"`
	SwitchMS  float64 `json:"switch_ms"` // all switches together
	BusyMS    float64 `json:"busy_ms"`   // time in which layers ran
	QueuePeak int     `json:"queue_peak"`
	Measured
	// Decisions are the strategy's, by reason.
	Decisions map[strategy.Reason]int64 `json:"decisions,omitempty"`
	// States are the percentage of time in each, where a node has somebody to forward to.
	States  map[State]float64 `json:"states,omitempty"`
	Emulate string            `json:"emulate,omitempty"` // fast and slow: the device that is emulated, or "off"
	Weights string            `json:"weights,omitempty"` // how large layers are stored, where that is not float32
	Link    string            `json:"link,omitempty"`    // the emulated link that the node sends over; empty: the real one
	Bytes   int64             `json:"bytes,omitempty"`   // sent and received over the node's connections
	// EnergyJ is what the node's device used from the opening to the closing, in joules, where EnergyBy says how it is
	// known, as in "meter hwmon ina219" or "model pi3b+".
	EnergyJ  float64 `json:"energy_j,omitempty"`
	EnergyBy string  `json:"energy_by,omitempty"`
	Device   string  `json:"device,omitempty"` // its limits, clock and temperature during the run

	Next      []string `json:"next,omitempty"`      // the nodes that frames are handed over to, but for end, as their own entries call them
	Restarted bool     `json:"restarted,omitempty"` // the node was started again during the run, and has forgotten what was before
	// Lives is of how many lives the ledgers are added up; 0: one.
	Lives    int     `json:"lives,omitempty"`
	ElapsedS float64 `json:"elapsed_s,omitempty"` // for how long the run was open on the node

	// Life tells the lives of a node apart. A node that is started again, or takes up a run again that had ended for it
	// because all neighbours were silent, begins a new one. Reports show neither it nor the sets of ids.
	Life    string     `json:"-"`
	GoneIDs IDs        `json:"-"`                 // the frames that ended here without a result
	Handed  []Handover `json:"-"`                 // those that neighbours have taken
	IDsCut  bool       `json:"ids_cut,omitempty"` // there were more of them than could be named
}

// Measured is what a node that computes has measured in a run, in milliseconds: means over all frames, with the mean deviations.
// 0: not known. A simulation takes it for the node's model.
type Measured struct {
	Places       int     `json:"places,omitempty"` // of the queue
	HeadMS       float64 `json:"head_ms,omitempty"`
	HeadSpreadMS float64 `json:"head_spread_ms,omitempty"`
	TailMS       float64 `json:"tail_ms,omitempty"` // on slow, all that it computes
	TailSpreadMS float64 `json:"tail_spread_ms,omitempty"`
	RoundTripMS  float64 `json:"round_trip_ms,omitempty"` // of calls to the next nodes, smoothed
	PaceMS       float64 `json:"pace_ms,omitempty"`       // what the links to them take for a frame
}

func (e Entry) String() string {
	var counts []string
	for outcome, n := range e.Outcomes.All() {
		counts = append(counts, fmt.Sprint(outcome, " ", n))
	}
	return fmt.Sprintf("%v: %s", e.NodeID, strings.Join(counts, ", "))
}

// add adds what another life of the node did. Its sets of ids have served before.
func (e *Entry) add(life Entry) {
	all := e.ElapsedS + life.ElapsedS
	states := make(map[State]float64)
	for _, one := range []Entry{*e, life} {
		for s, percent := range one.States {
			states[s] += percent * one.ElapsedS / max(all, 1e-9)
		}
	}
	decisions := maps.Clone(life.Decisions)
	for reason, n := range e.Decisions {
		if decisions == nil {
			decisions = make(map[strategy.Reason]int64)
		}
		decisions[reason] += n
	}
	e.Outcomes.Add(life.Outcomes)
	e.Switches += life.Switches
	e.SwitchMS += life.SwitchMS
	e.BusyMS += life.BusyMS
	e.QueuePeak = max(e.QueuePeak, life.QueuePeak)
	e.Decisions = decisions
	if len(states) > 0 {
		e.States = states
	}
	e.Bytes += life.Bytes
	e.EnergyJ += life.EnergyJ
	e.Measured = cmp.Or(e.Measured, life.Measured)
	e.Weights = cmp.Or(e.Weights, life.Weights)
	e.EnergyBy, e.Device = cmp.Or(e.EnergyBy, life.EnergyBy), cmp.Or(e.Device, life.Device)
	for _, next := range life.Next {
		if !slices.Contains(e.Next, next) {
			e.Next = append(slices.Clip(e.Next), next)
		}
	}
	e.Restarted, e.IDsCut = e.Restarted || life.Restarted, e.IDsCut || life.IDsCut
	e.Lives = max(e.Lives, 1) + max(life.Lives, 1)
	e.ElapsedS = all
}

// addLives adds up the entries of the lives of each node, and keeps their order.
func addLives(entries []Entry) (nodes []Entry) {
	for _, e := range entries {
		if i := slices.IndexFunc(nodes, func(n Entry) bool { return n.NodeID == e.NodeID }); i >= 0 {
			nodes[i].add(e)
		} else {
			nodes = append(nodes, e)
		}
	}
	return nodes
}
