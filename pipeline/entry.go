package pipeline

import (
	"fmt"
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
	// Decisions are the strategy's, by reason.
	Decisions map[strategy.Reason]int64 `json:"decisions,omitempty"`
	// States are the percentage of time in each, where a node has somebody to forward to.
	States  map[State]float64 `json:"states,omitempty"`
	Emulate string            `json:"emulate,omitempty"` // fast and slow: the device that is emulated, or "off"
	Link    string            `json:"link,omitempty"`    // the emulated link that the node sends over; empty: the real one
	Bytes   int64             `json:"bytes,omitempty"`   // sent and received over the node's connections
	// EnergyJ is what the node's device used from the opening to the closing, in joules, where EnergyBy says how it is
	// known, as in "meter hwmon ina219" or "model pi3b+".
	EnergyJ  float64 `json:"energy_j,omitempty"`
	EnergyBy string  `json:"energy_by,omitempty"`
	Device   string  `json:"device,omitempty"` // its limits, clock and temperature during the run

	Next      []string `json:"next,omitempty"`      // the nodes that frames are handed over to, but for end, as their own entries call them
	Restarted bool     `json:"restarted,omitempty"` // the node was started again during the run, and has forgotten what was before
	// Unacknowledged are the frames that the node has given up, or sent another way, without an answer: they may have
	// arrived all the same. Denied are those, of this node and the ones above, that it counts as gone. Reports show neither.
	Unacknowledged IDs `json:"-"`
	Denied         IDs `json:"-"`
	// UnacknowledgedCut: more frames were unacknowledged than could be named, so the report may have frames unaccounted for.
	UnacknowledgedCut bool `json:"unacknowledged_cut,omitempty"`
}

func (e Entry) String() string {
	var counts []string
	for outcome, n := range e.Outcomes.All() {
		counts = append(counts, fmt.Sprint(outcome, " ", n))
	}
	return fmt.Sprintf("%v: %s", e.NodeID, strings.Join(counts, ", "))
}
