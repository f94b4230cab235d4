package pipeline

import (
	"errors"
	"fmt"
	"slices"
)

// What a node answers instead of taking a frame or a run. Callers tell them apart with errors.Is; the wire keeps them.
var (
	ErrInvalidFrame = errors.New("invalid frame")     // it fits no layer held here, or its data is broken
	ErrUnknownRun   = errors.New("unknown run")       // not open here: never opened, closed, or the node was restarted
	ErrInvalidRun   = errors.New("invalid run")       // it can't be opened here as it is described
	ErrBusy         = errors.New("busy")              // another run is active
	ErrStopping     = errors.New("stopping")          // the node, or the run on it, takes no more
	ErrUnreachable  = errors.New("cannot be reached") // no answer from the neighbour
	ErrNotAdmitted  = errors.New("not admitted")      // keys or certificates of two neighbours don't go together
)

// ErrInvalidAnswer is an answer that holds what it may not. The neighbour may have taken the frames.
var ErrInvalidAnswer = errors.New("invalid answer")

// refusals are the answers of a neighbour that has taken none of the frames.
var refusals = []error{ErrInvalidFrame, ErrUnknownRun, ErrInvalidRun, ErrBusy, ErrStopping, ErrNotAdmitted}

// resentError is why frames that were sent more than once are not known to have arrived: the last answer was a refusal, and
// before it only the answer to a call that may have brought them was lost. It is both errors, and none hides the other.
type resentError struct{ last, lost error }

func (e *resentError) Error() string   { return fmt.Sprintf("%v, and before that %v", e.last, e.lost) }
func (e *resentError) Unwrap() []error { return []error{e.last, e.lost} }

// resent adds to what a call has failed with what was lost of an earlier one with the same frames, or nil.
func resent(err, lost error) error {
	if err == nil || lost == nil || unacknowledged(err) {
		return err
	}
	return &resentError{err, lost}
}

// unacknowledged reports whether frames may have arrived although the call failed: only its answer was lost.
func unacknowledged(err error) bool {
	if e := (*resentError)(nil); errors.As(err, &e) || errors.Is(err, ErrInvalidAnswer) {
		return true
	}
	return err != nil && !slices.ContainsFunc(refusals, func(r error) bool { return errors.Is(err, r) })
}

// permanent reports whether sending the frame again can't help.
func permanent(err error) bool {
	return errors.Is(err, ErrInvalidFrame) || errors.Is(err, ErrInvalidRun) || errors.Is(err, ErrInvalidAnswer)
}
