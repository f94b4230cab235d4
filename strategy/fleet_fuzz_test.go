package strategy

import (
	"encoding/binary"
	"math"
	"testing"
	"time"
)

// FuzzFleet tells a fleet anything that a slow node may answer, in any order. What it says stays possible, and one true
// answer is enough to forget the others.
func FuzzFleet(f *testing.F) {
	f.Add(uint8(1), []byte("\x00aaaaaaaa\x01bbbbbbbb\x02cccccccc\x03dddddddd"))
	f.Add(uint8(3), []byte("\x02\xff\xff\xff\xff\xff\xff\xff\xff\x03\xff\xff\xff\xff\xff\xff\xff\x7f"))
	f.Add(uint8(12), []byte("\x02\x80\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, n uint8, events []byte) {
		nodes := 1 + int(n%20)
		fleet := NewFleet(nodes)
		now := time.Duration(0)
		for len(events) >= 9 {
			kind, x := events[0], int64(binary.BigEndian.Uint64(events[1:]))
			events = events[9:]
			node := int(kind>>3) % nodes
			now += time.Duration(uint16(x))
			switch kind % 8 {
			case 0:
				fleet.See(node, Neighbour{Up: x&1 == 0, InFlight: int(uint8(x >> 8)), RoundTrip: time.Duration(uint32(x >> 16)), Pace: time.Duration(uint32(x >> 24))})
			case 1:
				fleet.Sent(node, now+time.Duration(uint32(x)))
			case 2:
				fleet.Observe(node, Feedback{Now: now, Accepted: x&1 == 0, Busy: x&2 == 0, Throttled: x&4 == 0,
					Length: int(x), Capacity: int(x >> 7), Service: time.Duration(x), Spread: time.Duration(-x)})
			case 3:
				fleet.Observe(node, Feedback{Now: now, Lost: x&1 == 0, Throttled: true,
					Length: math.MaxInt, Capacity: int(x), Service: math.MaxInt64, Spread: math.MaxInt64})
			case 4:
				fleet.Leave(node)
				fleet.Join()
			default:
				fleet.Observe(node, Feedback{Now: now, Accepted: true, Batch: int(uint8(x >> 8)), Busy: x&1 == 0, Length: int(int32(x)), Capacity: 1 + int(uint8(x)), Service: time.Duration(uint32(x))})
			}
			o := fleet.Outlook(now)
			if want := scanned(fleet, now); o != want {
				t.Fatalf("after %d %x: %+v, want %+v", kind, x, o, want)
			}
			if o.To < 0 || o.To >= nodes || !(o.Free >= 0) || math.IsInf(o.Free, 0) || o.Idle < 0 || o.Service < 0 {
				t.Fatalf("after %d %x: %+v", kind, x, o)
			}
			if fleet.Queued(node, now) < 0 {
				t.Fatalf("after %d %x: node %d has work for %v", kind, x, node, fleet.Queued(node, now))
			}
		}
		for i := range nodes {
			fleet.See(i, Neighbour{Up: true})
			fleet.Observe(i, Feedback{Now: now, Accepted: true, Length: 1, Capacity: 10, Service: 10 * ms})
			if q := fleet.Queued(i, now); q > 20*ms {
				t.Errorf("node %d has one frame of 10 ms, and work for %v", i, q)
			}
		}
		if o := fleet.Outlook(now); !o.Up || o.Full || o.Free < 8*float64(nodes) || o.Free > 10*float64(nodes) {
			t.Errorf("%d nodes with one frame each: %+v", nodes, o)
		}
	})
}

// scanned is the outlook by all that is known of each node, with nothing worked out beforehand.
func scanned(f *Fleet, now time.Duration) Outlook {
	const answers, hasPlace = 1, 2
	o := Outlook{To: -1}
	best := 0
	for i := range f.members {
		m := &f.members[i]
		if m.left || m.Leaving {
			continue
		}
		fitness := 0
		if m.Up {
			fitness = answers
			o.Free += math.Floor(m.free(now))
			if dry := m.dry(); !o.Up || dry < o.Idle {
				o.Idle = dry
			}
			o.Up = true
			if !m.full(now) {
				fitness = hasPlace
			}
		}
		if o.To < 0 || fitness > best || fitness == best && f.better(o.To, i, now) {
			o.To, best = i, fitness
		}
	}
	o.Full = best < hasPlace
	if o.To >= 0 {
		to := &f.members[o.To]
		o.Service, o.RoundTrip = to.service(), to.RoundTrip
	}
	return o
}

// better reports whether b would have a frame done before a.
func (f *Fleet) better(a, b int, now time.Duration) bool {
	m, n := &f.members[a], &f.members[b]
	d, e := m.delay(now), n.delay(now)
	return e < d || e == d && n.InFlight < m.InFlight
}

// dry is when the node will have less left than it can compute together: from then on it would work beneath its means.
func (m *member) dry() time.Duration {
	batch := min(m.newest.Batch, m.newest.Capacity)
	return max(0, m.idle-time.Duration(max(0, batch-1))*m.cost())
}

func (m *member) delay(now time.Duration) time.Duration {
	return max(0, m.idle-now) + m.service() + m.RoundTrip/2
}

func (m *member) full(now time.Duration) bool {
	switch {
	case m.newest.Capacity == 0:
		return m.InFlight >= unanswered
	case m.service() == 0: // whatever the link's pace is
		return m.free(now) == 0
	}
	return m.idle-now > time.Duration(m.places())*m.cost()
}

// free is the number of free places; 1 before the first answer, and as the answer said before it has measured a frame.
func (m *member) free(now time.Duration) float64 {
	switch {
	case m.newest.Capacity == 0:
		return float64(max(0, 1-m.InFlight))
	case m.service() == 0:
		least := 0
		if m.InFlight == 0 && now-m.newest.Now >= unasked {
			least = 1
		}
		return float64(max(least, m.places()-m.newest.Length-m.InFlight))
	}
	if m.idle <= now {
		return float64(m.places())
	}
	return max(0, float64(m.places())-float64(m.idle-now)/float64(m.cost()))
}
