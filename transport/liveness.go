package transport

import "time"

// overdue is how long nothing may move on a call, or come from the neighbour, before the neighbour counts as down; longer
// where TCP has measured that the way there and back is long. The answer may still come.
const overdue = 300 * time.Millisecond

// liveness is what is known of whether a neighbour answers. It counts progress and not elapsed time, so that a call that
// carries much over a slow link is not taken for a dead neighbour:
//
//	begun ──▶ its bytes are being taken ──▶ all are taken ──▶ answered
//	          └─ by whichever connection ─┘ └─ the answer is ─┘
//	             to the neighbour              due
//
// Bytes are taken when the neighbour's machine has acknowledged them. That says little of its process: a machine goes on
// acknowledging for one that is stopped until its buffers are full. So bytes that move are progress only for calls that have
// bytes to be taken themselves.
//
// It does no I/O, and time comes in.
type liveness struct {
	calls    map[*call]struct{}
	ways     map[*way]sight
	received time.Time // when bytes last came from the neighbour
}

// call is one push under way.
type call struct {
	began time.Time
	over  *way // nil: it waits for a connection
}

// sight is what can be seen of a connection at a moment.
type sight struct {
	moved    time.Time // when bytes on it were last taken; zero: none were
	received time.Time // when bytes last came in on it; zero: none have
	pending  bool      // some of its bytes are still to be taken

	patience time.Duration // what TCP needs to make a loss good, as it has measured the way; 0: not known
}

func newLiveness() liveness {
	return liveness{calls: make(map[*call]struct{}), ways: make(map[*way]sight)}
}

func (l *liveness) begin(now time.Time) *call {
	c := &call{began: now}
	l.calls[c] = struct{}{}
	return c
}

func (l *liveness) end(c *call) { delete(l.calls, c) }

// see takes in what a connection shows.
func (l *liveness) see(w *way, s sight) {
	l.ways[w] = s
	l.received = later(l.received, s.received)
}

// forget takes note that a connection is closed.
func (l *liveness) forget(w *way) { delete(l.ways, w) }

// since is when a call last made progress.
func (l *liveness) since(c *call) time.Time {
	own := l.ways[c.over]
	last := later(c.began, later(own.moved, own.received))
	if c.over == nil || own.pending { // it may wait behind other calls
		for _, s := range l.ways {
			last = later(last, s.moved)
		}
	}
	return last
}

// up reports whether no call is overdue. A neighbour that has said something meanwhile is there.
func (l *liveness) up(now time.Time) bool {
	for c := range l.calls {
		if now.Sub(later(l.since(c), l.received)) > max(overdue, l.ways[c.over].patience) {
			return false
		}
	}
	return true
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
