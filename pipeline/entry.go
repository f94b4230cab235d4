package pipeline

import (
	"fmt"

	"tandem/strategy"
)

// Entry is what a node adds to the run's report.
type Entry struct {
	NodeID
	Received  int64   `json:"received"`
	Refused   int64   `json:"refused"`
	Dropped   int64   `json:"dropped"` // the oldest in a full queue
	Expired   int64   `json:"expired"` // too old when their turn came
	Forwarded int64   `json:"forwarded"`
	Finished  int64   `json:"finished"`
	Lost      int64   `json:"lost"`
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
	// Doubts are the frames that the node has given up, or sent another way, without an answer: they may have arrived all
	// the same. Denied are those, of this node and the ones above, that it counts as gone. Reports don't show them.
	Doubts IDs `json:"doubts,omitempty"`
	Denied IDs `json:"denied,omitempty"`
	// DoubtsCut: more frames were in doubt than could be named, so the report may have frames unaccounted for.
	DoubtsCut bool `json:"doubts_cut,omitempty"`
}

func (e Entry) String() string {
	return fmt.Sprintf("%v: received %d, refused %d, dropped %d, expired %d, forwarded %d, finished %d, lost %d",
		e.NodeID, e.Received, e.Refused, e.Dropped, e.Expired, e.Forwarded, e.Finished, e.Lost)
}

// Here is the number of frames that are still on the node.
func (e Entry) Here() int64 { return e.Received - e.Gone() - e.Forwarded - e.Finished }

// Gone is the number of frames that ended on the node without a result.
func (e Entry) Gone() int64 { return e.Refused + e.Dropped + e.Expired + e.Lost }

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
	counts := []int64{e.Received, e.Refused, e.Dropped, e.Expired, e.Forwarded, e.Finished, e.Lost, e.Switches, int64(e.QueuePeak), e.Bytes}
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
