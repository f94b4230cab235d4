package strategy

import (
	"math"
	"time"
)

// standing is how a node stands among the others: what of it does not depend on the moment is worked out when something is learned
// of the node, and not for each frame, since there may be a thousand nodes and thousands of frames a second.
type standing struct {
	idle     time.Duration // when it will have worked off all that it has
	rest     time.Duration // what is added to the expected delay once it is idle
	full     time.Duration // until when it has no place
	dry      time.Duration // when it will have less left than it can compute together: from then on it would work beneath its means
	cost     time.Duration // what makes one more place free; 0: nothing is known to
	places   float64       // that it has when it is idle
	inFlight int
	up, away bool
}

// settle works out how a node stands.
func (f *Fleet) settle(node int) {
	m := &f.members[node]
	batch := min(m.newest.Batch, m.newest.Capacity)
	s := standing{
		idle: m.idle, rest: m.service() + m.RoundTrip/2, inFlight: m.InFlight, up: m.Up, away: m.left || m.Leaving,
		dry: max(0, m.idle-time.Duration(max(0, batch-1))*m.cost()),
	}
	free := m.places() - m.newest.Length - m.InFlight
	switch {
	case m.newest.Capacity == 0 && m.InFlight < unanswered: // nothing was ever answered: one at a time
		s.full, s.places = math.MinInt64, float64(max(0, 1-m.InFlight))
	case m.newest.Capacity == 0:
		s.full = math.MaxInt64
	case m.service() > 0:
		s.full, s.places, s.cost = m.idle-time.Duration(m.places())*m.cost(), float64(m.places()), m.cost()
	case free > 0: // as the answer said, whatever the link's pace is
		s.full, s.places = math.MinInt64, float64(free)
	case m.InFlight == 0:
		s.full, s.places = m.newest.Now+unasked, 1
	default:
		s.full = math.MaxInt64
	}
	f.standings[node] = s
}

// free is the number of whole places of a node that is not full.
func (s *standing) free(now time.Duration) float64 {
	if s.cost == 0 || s.idle <= now {
		return s.places
	}
	return math.Floor(s.places - float64(s.idle-now)/float64(s.cost))
}
