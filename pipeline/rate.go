package pipeline

import (
	"math"
	"slices"
	"sync"
	"time"
)

// Meter makes a rate of a count that grows: over the last second or two where it is read at least every second, however
// often and by whomever. It may be used by several goroutines.
type Meter struct {
	mu       sync.Mutex
	old, new mark
}

type mark struct {
	at    time.Time
	count int64
}

// Rate returns how many a second there were of late, given how many there are now.
func (m *Meter) Rate(now time.Time, count int64) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now.Sub(m.new.at) >= time.Second {
		m.old, m.new = m.new, mark{now, count}
	}
	if m.old.at.IsZero() {
		m.old = m.new
	}
	span := now.Sub(m.old.at).Seconds()
	if span <= 0 {
		return 0
	}
	return Brief(max(0, float64(count-m.old.count)) / span) // frames may come back, and are counted again
}

// Brief rounds a figure to what is worth showing while a run lasts.
func Brief(v float64) float64 { return math.Round(v*100) / 100 }

// recent keeps the newest arrivals at end, in constant memory, for what is shown of a run while it lasts.
type recent struct {
	ring [512]arrival
	n    uint64 // of all that were added
}

type arrival struct {
	at  time.Time
	age time.Duration
}

// span is the time that live figures look back on.
const span = 2 * time.Second

func (r *recent) add(at time.Time, age time.Duration) {
	r.ring[r.n%uint64(len(r.ring))] = arrival{at, age}
	r.n++
}

// look returns how many frames a second arrived in the last span, and the quantiles of their ages.
func (r *recent) look(now time.Time) (rate float64, p50, p95 time.Duration) {
	var ages []time.Duration
	oldest := now
	for i := r.n; i > 0 && len(ages) < len(r.ring); i-- {
		a := r.ring[(i-1)%uint64(len(r.ring))]
		if now.Sub(a.at) >= span {
			oldest = now.Add(-span) // frames came before, so that the span is a full one
			break
		}
		ages, oldest = append(ages, a.age), a.at
	}
	if len(ages) == 0 {
		return 0, 0, 0
	}
	slices.Sort(ages)
	arrived := len(ages)
	if now.Sub(oldest) < span {
		arrived-- // what is counted begins with one
	}
	if looked := now.Sub(oldest).Seconds(); looked > 0 {
		rate = Brief(float64(arrived) / looked)
	}
	return rate, ages[(len(ages)-1)/2], ages[(len(ages)-1)*95/100]
}
