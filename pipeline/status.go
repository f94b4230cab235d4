package pipeline

import (
	"math"
	"sync"
	"time"
)

// Status is what one node is doing in a run. It goes down the pipeline with the signs of life, so that end knows every
// node without being told addresses.
type Status struct {
	Entry
	Layers    [2]int  `json:"layers"`   // those held, [from, to); client and end: none
	State     State   `json:"state"`    // empty: it has nobody to forward to, or has decided nothing yet
	Queue     int     `json:"queue"`    // frames that wait
	Capacity  int     `json:"capacity"` // places
	ServiceMS float64 `json:"service_ms"`
	SpreadMS  float64 `json:"spread_ms"`
	WaitMS    float64 `json:"wait_ms"`
	RateIn    float64 `json:"rate_in"`  // frames per second that are received
	RateOut   float64 `json:"rate_out"` // that are forwarded or finished
	Throttled bool    `json:"throttled"`
	HeardS    float64 `json:"heard_s"` // how old all this is, in seconds, where it is shown
}

// Live is what end knows of a run that goes on. It goes up the pipeline with the answers to signs of life.
type Live struct {
	Sent       int64   `json:"sent"`      // by the client so far, as far as it is known
	Delivered  int64   `json:"delivered"` // distinct frames that have reached end
	Duplicates int64   `json:"duplicates"`
	Coverage   float64 `json:"coverage"`   // percent of the frames sent so far; those on the way are not yet delivered
	Rate       float64 `json:"rate"`       // of the last two seconds, frames per second
	AgeP50MS   float64 `json:"age_p50_ms"` // of the frames that arrived in them
	AgeP95MS   float64 `json:"age_p95_ms"`
	State      State   `json:"state"`   // of the first node that has one: fast
	HeardS     float64 `json:"heard_s"` // how old all this is, in seconds, where it is shown
}

// Status is what the stage is doing now.
func (s *Stage) Status() Status {
	now := time.Now()
	st := Status{
		Entry:     s.account(),
		Layers:    [2]int{s.c.Holding.From, s.c.Holding.To},
		State:     s.ledger.State(),
		Queue:     s.queue.Len(),
		Capacity:  s.queue.Cap(),
		Throttled: s.throttled(),
	}
	st.RateIn = s.in.Rate(now, st.Received)
	st.RateOut = s.out.Rate(now, st.Forwarded+st.Finished)
	var f Feedback
	s.timing.tell(&f)
	st.ServiceMS, st.SpreadMS, st.WaitMS = milliseconds(f.Service), milliseconds(f.Spread), milliseconds(f.Wait)
	return st
}

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
	if m.old.at.IsZero() {
		m.old = mark{now, count}
		m.new = m.old
	}
	if now.Sub(m.new.at) >= time.Second {
		m.old, m.new = m.new, mark{now, count}
	}
	span := now.Sub(m.old.at).Seconds()
	if span <= 0 {
		return 0
	}
	return Brief(max(0, float64(count-m.old.count)) / span) // frames may come back, and are counted again
}

// Brief rounds a figure to what is worth showing while a run lasts.
func Brief(v float64) float64 { return math.Round(v*100) / 100 }
