package pipeline

import (
	"slices"
	"time"
)

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

// Live is what is known of the run so far. The nodes are those above, with the client.
func (r *Recorder) Live(now time.Time, nodes []Status) Live {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := Live{Sent: r.delivered, Delivered: r.delivered, Duplicates: r.duplicates}
	if r.delivered > 0 { // the client's figures are older than the newest frame
		l.Sent = max(l.Sent, int64(min(r.seen.newest(), 1<<48))+1)
	}
	for _, n := range nodes {
		if n.Role == "client" {
			l.Sent = max(l.Sent, n.Received)
		}
		if l.State == "" {
			l.State = n.State
		}
	}
	if l.Sent > 0 {
		l.Coverage = Brief(100 * float64(l.Delivered) / float64(l.Sent))
	}
	rate, p50, p95 := r.recent.look(now)
	l.Rate, l.AgeP50MS, l.AgeP95MS = rate, milliseconds(p50), milliseconds(p95)
	return l
}

// Status is what end is doing: it has no queue, and every distinct frame is finished by it.
func (r *Recorder) Status(id NodeID) Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	rate, _, _ := r.recent.look(time.Now())
	return Status{Entry: Entry{NodeID: id, Outcomes: Outcomes{Received: r.delivered, Finished: r.delivered}}, RateIn: rate, RateOut: rate}
}
