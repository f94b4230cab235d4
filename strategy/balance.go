package strategy

import (
	"math"
	"time"
)

// balance keeps all nodes busy. It finishes a frame only if every slow node has enough queued to last until this node is
// back:
//
//	fast  ├─ head ─┬──────── tail ────────┼─ head ─┤─▶ the next activation reaches slow
//	slow  ├──── what slow has in its queue must last until here ────┤
//
// The earliest finish of each frame by itself would be the wrong rule: finishing holds up the head for all frames
// behind, and slow runs dry.
//
// The tail is loaded beside the work as soon as slow would keep this node waiting, and stays until it has not been
// needed for a minute.
//
// What slow refuses comes back and is finished here, or waits until slow has a place.
type balance struct {
	needed time.Duration // when the tail was last wanted here
}

// unneeded is for how long the tail stays resident without being wanted.
const unneeded = time.Minute

func (b *balance) Next(s Situation) Decision {
	tail := s.Tail
	if tail == 0 {
		tail = s.Slow.Service // devices are alike until they are known not to be
	}
	head := s.Head
	if s.HeadDone {
		head = 0
	}
	// Finishing this frame here, the next activation reaches slow so much later.
	away := head + tail + s.Head + s.Slow.RoundTrip/2
	busy := s.Slow.Idle-s.Now >= away && fits(s, head+tail)
	known := s.Slow.Service > 0
	if (busy || s.Slow.Full) && known || !s.Slow.Up {
		b.needed = s.Now
	}
	d := Decision{Hold: s.Now-b.needed < unneeded, Reason: SlowIsFree}
	switch {
	case !busy && !s.Slow.Full && s.Slow.Up:
		return d
	case !s.Resident:
		d.Load, d.Reason = true, WarmingUp
		if s.Slow.Full { // otherwise slow has a place left: use it while the tail is being loaded
			d.Wait = patience(s)
		}
		return d
	case tail == 0 && s.Slow.Up && !s.Slow.Full: // nobody knows yet for how long this node would be away
		return d
	case !s.Slow.Up:
		d.Reason = HopDown
	case s.Slow.Full:
		d.Reason = QueueFull
	default:
		d.Reason = SlowIsBusy
	}
	d.Finish = true
	return d
}

// fits reports whether the own queue, not yet half full, has places for the frames that come while this node is busy.
func fits(s Situation, busy time.Duration) bool {
	come := 0.0
	if s.Interval > 0 {
		come = math.Ceil(float64(busy) / float64(s.Interval))
	}
	return 2*s.Backlog <= s.Capacity && float64(s.Backlog)+come <= float64(s.Capacity)
}

// patience is for how long a frame waits before its strategy is asked again.
func patience(s Situation) time.Duration {
	if s.Slow.Service == 0 {
		return unasked / 4
	}
	return max(s.Slow.Service/4, time.Millisecond)
}

// Observe learns nothing beyond what the fleet does.
func (*balance) Observe(Feedback) {}
