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
	Unacknowledged IDs `json:"unacknowledged,omitempty"`
	Denied         IDs `json:"denied,omitempty"`
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

// What an entry may name and hold: it comes from the wire, is remembered, and is shown to people.
const (
	MaxNameBytes = 256 // of a role or an address
	MaxTextBytes = 512 // of a text that explains
	maxKeyBytes  = 64  // of a state or a reason
	maxKeys      = 64  // states, or reasons
	maxNext      = 256
	maxFigure    = 1e15 // of any number, so that nothing overflows
)

// Validate reports what is wrong with an entry as it came in. The error is ErrInvalidRun.
func (e Entry) Validate() error {
	invalid := func(format string, args ...any) error {
		return fmt.Errorf("%w: the ledger of %.40q: %s", ErrInvalidRun, e.NodeID, fmt.Sprintf(format, args...))
	}
	if e.Role == "" || len(e.Next) > maxNext || len(e.States) > maxKeys || len(e.Decisions) > maxKeys {
		return invalid("a role is needed, and at most %d next nodes, states and decisions are allowed, %d of each of the latter", maxNext, maxKeys)
	}
	for _, name := range append([]string{e.Role, e.Address}, e.Next...) {
		if len(name) > MaxNameBytes {
			return invalid("%.40q has %d bytes: %d are allowed", name, len(name), MaxNameBytes)
		}
	}
	for _, text := range []string{e.Emulate, e.Link, e.EnergyBy, e.Device} {
		if len(text) > 2*MaxTextBytes { // what can't be shown has been made longer
			return invalid("the text %.40q has %d bytes: %d are allowed", text, len(text), MaxTextBytes)
		}
	}
	counts := []int64{e.Switches, int64(e.QueuePeak), e.Bytes}
	for _, n := range e.Outcomes.All() {
		counts = append(counts, n)
	}
	figures := []float64{e.SwitchMS, e.BusyMS, e.EnergyJ}
	for state, share := range e.States {
		if len(state) > maxKeyBytes {
			return invalid("the state %.40q has %d bytes: %d are allowed", state, len(state), maxKeyBytes)
		}
		figures = append(figures, share)
	}
	for reason, n := range e.Decisions {
		if len(reason) > maxKeyBytes {
			return invalid("the reason %.40q has %d bytes: %d are allowed", reason, len(reason), maxKeyBytes)
		}
		counts = append(counts, n)
	}
	for _, n := range counts {
		figures = append(figures, float64(n))
	}
	for _, v := range figures {
		if !tame(v) {
			return invalid("a figure is %v: 0 to %v is allowed", v, maxFigure)
		}
	}
	return nil
}

func tame(v float64) bool { return v >= 0 && v <= maxFigure } // false for NaN too
