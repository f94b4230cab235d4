package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem/strategy"
)

// Run is what a client opens: one experiment or one service session. It travels down the pipeline with the opening, and
// the first node fills in what the client left open.
type Run struct {
	ID       string
	Strategy string        // name or alias; empty: the fast node's own
	Tasks    int           // the strategy's parameter; 0: the fast node's own
	Frames   uint64        // how many will come; 0: until the client closes
	Interval time.Duration // between frames
	Model    string        // name; empty until a node that has the model fills it in
	Digest   string        // of the model's weights; empty: any
	// Cuts are the layers at which one node hands over to the next, in rising order; empty: not yet known.
	Cuts []int
	Load Loading // how a switch is made; empty: the strategy's own way
	Wire string  // how values travel between nodes; empty: the fast node's own
}

// Loading says how a switch is made.
type Loading = strategy.Loading

// maxIDBytes bounds a run's id and the other names that come in from the wire.
const maxIDBytes = 128

// maxCuts bounds the nodes that a network is spread over.
const maxCuts = 64

// Validate reports what is wrong with the run as it came in. The error is ErrInvalidRun.
func (r Run) Validate() error {
	switch {
	case r.ID == "":
		return fmt.Errorf("%w: its id is empty: name it", ErrInvalidRun)
	case len(r.ID) > maxIDBytes || len(r.Strategy) > maxIDBytes || len(r.Model) > maxIDBytes || len(r.Digest) > maxIDBytes || len(r.Wire) > maxIDBytes:
		return fmt.Errorf("%w: id, strategy, model, digest and wire format may have %d bytes each", ErrInvalidRun, maxIDBytes)
	case r.Frames > 1<<48:
		return fmt.Errorf("%w: it has %d frames: 2^48 are allowed", ErrInvalidRun, r.Frames)
	case r.Tasks < 0 || r.Interval < 0:
		return fmt.Errorf("%w: tasks and interval may not be negative", ErrInvalidRun)
	case len(r.Cuts) > maxCuts:
		return fmt.Errorf("%w: it is cut %d times: %d are allowed", ErrInvalidRun, len(r.Cuts), maxCuts)
	}
	last := 0
	for _, c := range r.Cuts {
		if c <= last {
			return fmt.Errorf("%w: its cuts are %v: they must be 1 or more and rise", ErrInvalidRun, r.Cuts)
		}
		last = c
	}
	if r.Load != "" {
		if _, err := strategy.ParseLoading(string(r.Load)); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalidRun, err)
		}
	}
	return nil
}

// FormatCuts lists cuts as --cut takes them.
func FormatCuts(cuts []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(cuts), "[]"), " ", ",")
}

// Slice returns the layers [from, to) of the node that takes frames whose next layer is from: up to the next cut, or to
// the end of a network of so many layers.
func (r Run) Slice(from, layers int) (int, int) {
	if i, _ := slices.BinarySearch(r.Cuts, from+1); i < len(r.Cuts) {
		return from, r.Cuts[i]
	}
	return from, layers
}
