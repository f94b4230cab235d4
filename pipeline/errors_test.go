package pipeline

import (
	"errors"
	"fmt"
	"testing"
)

// An error keeps what it says of the frames, whatever else it is: whether they may have arrived, and whether they may be
// sent again.
func TestWhatAnErrorSaysOfFrames(t *testing.T) {
	for _, c := range []struct {
		err                       error
		unacknowledged, permanent bool
	}{
		{nil, false, false},
		{ErrUnreachable, true, false},
		{errors.New("the node failed on the call"), true, false},
		{ErrStopping, false, false},
		{ErrInvalidFrame, false, true},
		{resent(nil, ErrUnreachable), false, false},
		{resent(ErrInvalidFrame, nil), false, true},
		{resent(ErrInvalidFrame, ErrUnreachable), true, true},
		{resent(ErrUnknownRun, ErrUnreachable), true, false},
		{resent(ErrUnreachable, ErrUnreachable), true, false},
		{fmt.Errorf("slow gave an %w: %w", ErrInvalidAnswer, ErrInvalidRun), true, true},
	} {
		if unacknowledged(c.err) != c.unacknowledged || permanent(c.err) != c.permanent {
			t.Errorf("%v: unacknowledged %v, permanent %v", c.err, unacknowledged(c.err), permanent(c.err))
		}
	}
}
