package strategy

import (
	"slices"
	"time"
)

// Fleet is what a node knows of the slow nodes behind it, of which there may be one or many: what each still has to do,
// and so which of them has the least expected delay for the next frame.
//
//	now                                       idle
//	 ├── (queue + in flight) × what one costs ──┤ + service + half a round trip = expected delay
//
// What a frame costs is the node's service time, or the link's pace where that is slower: a link that is full holds
// frames up as a queue does.
//
// It is as pure as the strategies: the stage tells it what it sees.
type Fleet struct {
	members   []member
	standings []standing // of the members

	known    int           // nodes that have measured what a frame takes
	services time.Duration // of these together
}

// member is what is known of one slow node.
type member struct {
	Neighbour
	newest Feedback
	idle   time.Duration // when it will have worked off all that it has, as far as is known
	left   bool
}

// Neighbour is what the stage sees of one slow node without asking it.
type Neighbour struct {
	Up        bool          // it answers
	Leaving   bool          // it gets no more frames
	InFlight  int           // frames on their way to it, without an answer
	RoundTrip time.Duration // of a call, smoothed; 0: not yet known
	Pace      time.Duration // what the link to it takes for a frame; 0: not yet known
}

// Outlook is what a fleet has to offer to the next frame.
type Outlook struct {
	To        int           // the node with the least expected delay; it would get the frame; -1: all have left
	Up        bool          // some node answers
	Free      float64       // whole places in the queues of those that answer, as far as is known
	Full      bool          // none that answers has a place
	Idle      time.Duration // when the first of those that answer will have less left to do than a batch, since the run began
	Service   time.Duration // what a frame takes on that To; 0: not yet known
	RoundTrip time.Duration // of a call to To
}

// NewFleet makes a fleet of so many nodes.
func NewFleet(nodes int) *Fleet {
	f := &Fleet{members: make([]member, nodes), standings: make([]standing, nodes)}
	for i := range f.members {
		f.settle(i)
	}
	return f
}

// Join adds a node, of which nothing is known yet, in the place of one that has left, or behind the others, and returns where.
func (f *Fleet) Join() int {
	i := slices.IndexFunc(f.members, func(m member) bool { return m.left })
	if i < 0 {
		i, f.members, f.standings = len(f.members), append(f.members, member{}), append(f.standings, standing{})
	}
	f.members[i] = member{}
	f.settle(i)
	return i
}

// Leave takes a node away. The others keep their places.
func (f *Fleet) Leave(node int) {
	f.measured(f.members[node].newest.Service, 0)
	f.members[node] = member{left: true}
	f.settle(node)
}

// See takes in the state of one node.
func (f *Fleet) See(node int, n Neighbour) {
	if m := &f.members[node]; m.Neighbour != n {
		m.Neighbour = n
		f.settle(node)
	}
}

// Sent takes note of a frame that reaches a node at a moment since the run began.
func (f *Fleet) Sent(node int, reaches time.Duration) {
	m := &f.members[node]
	m.idle = max(m.idle, reaches) + max(m.cost(), f.guess(m))
	f.settle(node)
}

// Observe corrects what is known of a node's queue: the frames that wait or are under way, and part of the one that is
// in its layers.
func (f *Fleet) Observe(node int, a Feedback) {
	if a.Lost {
		return
	}
	defer f.settle(node)
	m := &f.members[node]
	before := m.newest.Service
	m.newest = possible(a)
	a = m.newest
	f.measured(before, a.Service)
	if m.service() == 0 { // what it has is all that is known of it
		each := max(m.cost(), f.guess(m))
		least := a.Now + time.Duration(a.Length+m.InFlight)*each
		m.idle = min(max(m.idle, least), least+each)
		return
	}
	least := a.Now + time.Duration(a.Length)*m.service() + time.Duration(m.InFlight)*m.cost()
	m.idle = min(max(m.idle, least), least+m.cost())
	if !a.Accepted { // a place is free when the frame in the layers is done, and nothing says when that began
		m.idle = least + m.cost()
	}
}

// measured takes note that a node's service time is another one.
func (f *Fleet) measured(before, after time.Duration) {
	f.services += after - before
	switch {
	case before == 0 && after > 0:
		f.known++
	case before > 0 && after == 0: // it was started again
		f.known--
	}
}

// guess is what a frame may take on a node that has measured none: as much as on the others in the mean, so that it gets no
// more frames than they do. It is 0 where the node knows better.
func (f *Fleet) guess(m *member) time.Duration {
	switch {
	case m.service() > 0:
		return 0
	case f.known == 0:
		return unasked
	}
	return f.services / time.Duration(f.known)
}

// possible brings an answer into the range of what a node can mean, so that no sum overflows.
func possible(a Feedback) Feedback {
	const places, longest = 1 << 20, 10 * time.Minute
	a.Length, a.Capacity = min(max(a.Length, 0), places), min(max(a.Capacity, 0), places)
	a.Service, a.Spread = min(max(a.Service, 0), longest), min(max(a.Spread, 0), longest)
	return a
}

// Queued is how much work a node has, as far as is known, at a moment since the run began.
func (f *Fleet) Queued(node int, now time.Duration) time.Duration {
	return max(0, f.members[node].idle-now)
}

// Newest is the newest answer of a node.
func (f *Fleet) Newest(node int) Feedback { return f.members[node].newest }

// Outlook looks for the node that shall get the next frame: one with a place, or else one that answers, or else any that
// does not leave; among them the one with the least expected delay. What a node takes that has measured no frame counts as nothing,
// so that one which should be idle is asked soon: it may be the fastest (optimism in the face of uncertainty).
//
// To draw two of many and to take the better one (the power of two choices) spares a sender that knows nothing the question, and
// several senders the same idea. Here all is known, as far as it is, and what a sender has sent itself it knows at once: two of
// many had three times the 95th percentile of the ages, with one sender and with forty (package simulate).
func (f *Fleet) Outlook(now time.Duration) Outlook {
	const answers, hasPlace = 1, 2
	o := Outlook{To: -1}
	best, least := 0, time.Duration(0)
	for i := range f.standings {
		s := &f.standings[i]
		if s.away {
			continue
		}
		fitness := 0
		if s.up {
			fitness = answers
			if !o.Up || s.dry < o.Idle {
				o.Idle = s.dry
			}
			o.Up = true
			if now >= s.full {
				fitness = hasPlace
				o.Free += s.free(now)
			}
		}
		delay := max(0, s.idle-now) + s.rest
		if o.To < 0 || fitness > best || fitness == best && (delay < least || delay == least && s.inFlight < f.standings[o.To].inFlight) {
			o.To, best, least = i, fitness, delay
		}
	}
	o.Full = best < hasPlace
	if o.To >= 0 {
		to := &f.members[o.To]
		o.Service, o.RoundTrip = to.service(), to.RoundTrip
	}
	return o
}

// service is what a frame takes; one that is throttled is about to become slower than the EWMA says.
func (m *member) service() time.Duration {
	if m.newest.Throttled {
		return m.newest.Service + m.newest.Spread
	}
	return m.newest.Service
}

// cost is what a frame takes of the scarcer of link and node.
func (m *member) cost() time.Duration { return max(m.service(), m.Pace) }

// places are those of its queue, or as many as it wants to be used.
func (m *member) places() int {
	if m.newest.Busy {
		return min(m.newest.Length, m.newest.Capacity)
	}
	return m.newest.Capacity
}

// unanswered is how many frames go to a node that has not answered any yet: the link to it may be slow.
const unanswered = 4

// unasked is for how long a full node is left alone that has not yet measured a frame, as nothing says when it will have
// a place.
const unasked = 100 * time.Millisecond
