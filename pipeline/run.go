package pipeline

import (
	"fmt"
	"time"
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
	Cut      int           // layer index; 0: not yet known
}

// maxIDBytes bounds a run's id and the other names that come in from the wire.
const maxIDBytes = 128

// Validate reports what is wrong with the run as it came in. The error is ErrInvalidRun.
func (r Run) Validate() error {
	switch {
	case r.ID == "":
		return fmt.Errorf("%w: its id is empty: name it", ErrInvalidRun)
	case len(r.ID) > maxIDBytes || len(r.Strategy) > maxIDBytes || len(r.Model) > maxIDBytes || len(r.Digest) > maxIDBytes:
		return fmt.Errorf("%w: id, strategy, model and digest may have %d bytes each", ErrInvalidRun, maxIDBytes)
	case r.Frames > 1<<48:
		return fmt.Errorf("%w: it has %d frames: 2^48 are allowed", ErrInvalidRun, r.Frames)
	case r.Tasks < 0 || r.Interval < 0 || r.Cut < 0:
		return fmt.Errorf("%w: tasks, interval and cut may not be negative", ErrInvalidRun)
	}
	return nil
}
