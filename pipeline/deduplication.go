package pipeline

import "sync"

// deduplication is what a stage remembers of single frames. Its ledger counts them, and counts are all that is needed as
// long as every call is answered. Where an answer is lost the frame is sent again (at least once), and may be counted by
// the node that gave it up and by the one that has it; ids tell.
type deduplication struct {
	mu       sync.Mutex
	closed   bool
	received window // counted as received
	passed   window // of these, those that a neighbour has taken
}

// suspects is how many of the newest frames count as unacknowledged in any case: a node above that has fallen silent
// can't say so.
const suspects = 4096

// passOn remembers frames that a neighbour has taken.
func (d *deduplication) passOn(frames ...Frame) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range frames {
		d.passed.add(frames[i].ID)
	}
}

// takeBack makes them the stage's own again.
func (d *deduplication) takeBack(frames []Frame) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range frames {
		d.passed.ids.Remove(frames[i].ID)
	}
}

// close ends the intake: what comes later has not arrived.
func (d *deduplication) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
}

// denied returns those of the unacknowledged frames that were here, and that nobody has taken. Ask when the stage is
// empty.
func (d *deduplication) denied(unacknowledged ...IDs) IDs {
	d.mu.Lock()
	defer d.mu.Unlock()
	newest := d.received.newest()
	gone := union(append(unacknowledged, IDs{{max(newest, suspects) - suspects, newest}})...)
	gone.And(&d.received.ids)
	gone.AndNot(&d.passed.ids)
	return rangesOf(gone)
}
