package pipeline

import (
	"errors"
	"fmt"
)

// What a node answers instead of taking a frame or a run. Callers tell them apart with errors.Is; the wire keeps them.
var (
	ErrInvalidFrame = errors.New("invalid frame")     // it fits no layer held here, or its data is broken
	ErrUnknownRun   = errors.New("unknown run")       // not open here: never opened, closed, or the node was restarted
	ErrInvalidRun   = errors.New("invalid run")       // it can't be opened here as it is described
	ErrClosedRun    = fmt.Errorf("%w", ErrInvalidRun) // so is one whose id a run had here that is over
	ErrBusy         = errors.New("busy")              // another run is active
	ErrStopping     = errors.New("stopping")          // the node, or the run on it, takes no more
	ErrUnreachable  = errors.New("cannot be reached") // no answer from the neighbour
	ErrNotAdmitted  = errors.New("not admitted")      // keys or certificates of two neighbours don't go together
	ErrNoNetwork    = errors.New("lacks the network") // the node has not, or not yet, the layers that it needs in the run
)

// permanent reports whether sending the frame again can't help.
func permanent(err error) bool {
	return errors.Is(err, ErrInvalidFrame) || errors.Is(err, ErrInvalidRun)
}
