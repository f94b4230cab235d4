package strategy

import "time"

// balance keeps both nodes busy. It finishes a frame only if slow has enough queued to last until this node is back:
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
	idle   time.Duration // when slow will have worked off all that it has, as far as is known
	slow   Feedback      // the newest answer
	needed time.Duration // when the tail was last wanted here
}

var _ Strategy = (*balance)(nil)

func newBalance(Params) Strategy { return &balance{} }

// unneeded is for how long the tail stays resident without being wanted.
const unneeded = time.Minute

func (b *balance) Next(s Situation) Decision {
	tail := s.Tail
	if tail == 0 {
		tail = b.slow.Service // devices are alike until they are known not to be
	}
	head := s.Head
	if s.HeadDone {
		head = 0
	}
	// Finishing this frame here, the next activation reaches slow so much later.
	away := head + tail + s.Head + s.RoundTrip/2
	queued := b.idle - s.Now
	full := b.slow.Capacity > 0 && queued > time.Duration(b.slow.Capacity)*b.slow.Service
	wanted := queued >= away && 2*s.Backlog <= s.Capacity || full || !s.Up
	if wanted && b.slow.Service > 0 || !s.Up {
		b.needed = s.Now
	}
	d := Decision{Hold: s.Now-b.needed < unneeded, Reason: SlowIsFree}
	switch {
	case !wanted:
		b.idle = max(b.idle, s.Now+head+s.RoundTrip/2) + b.slow.Service
	case s.Resident:
		d.Finish = true
		d.Reason = SlowIsBusy
		if full {
			d.Reason = QueueFull
		}
		if !s.Up {
			d.Reason = HopDown
		}
	case full || !s.Up:
		d.Load, d.Reason = true, WarmingUp
		d.Wait = max(b.slow.Service/4, time.Millisecond)
	default: // slow has a place left: use it while the tail is being loaded
		d.Load, d.Reason = true, WarmingUp
		b.idle = max(b.idle, s.Now+head+s.RoundTrip/2) + b.slow.Service
	}
	return d
}

// Observe corrects what is known of slow's queue: the frames that wait, and part of the one that is in its layers.
func (b *balance) Observe(f Feedback) {
	if f.Lost {
		return
	}
	b.slow = f
	least := f.Now + time.Duration(f.Length)*f.Service
	b.idle = min(max(b.idle, least), least+f.Service)
	if !f.Accepted { // a place is free when the frame in the layers is done, and nothing says when that began
		b.idle = least + f.Service
	}
}
