package pipeline

import (
	"slices"
	"time"
)

// Status is what one node is doing in a run. It goes down the pipeline with the signs of life, so that end knows every
// node without being told addresses.
type Status struct {
	Entry
	Layers     [2]int  `json:"layers"`   // those held, [from, to); client and end: none
	State      State   `json:"state"`    // empty: it has nobody to forward to, or has decided nothing yet
	Queue      int     `json:"queue"`    // frames that wait
	Capacity   int     `json:"capacity"` // places
	ServiceMS  float64 `json:"service_ms"`
	SpreadMS   float64 `json:"spread_ms"`
	WaitMS     float64 `json:"wait_ms"`
	RateIn     float64 `json:"rate_in"`  // frames per second that are received
	RateOut    float64 `json:"rate_out"` // that are forwarded or finished
	Throttled  bool    `json:"throttled"`
	Slowdown   float64 `json:"slowdown,omitempty"` // how many times as long as expected layers take; 0: not known
	StalenessS float64 `json:"staleness_s"`        // how old all this is, in seconds, where it is shown
	// Down are the neighbours below that do not answer it.
	Down []NodeID `json:"down,omitempty"`
	// Links are those to its next nodes, as far as they are known.
	Links []Link `json:"links,omitempty"`
	// Version is the node's, of tandem; empty: it is one that does not say it yet.
	Version string `json:"version,omitempty"`
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
	State      State   `json:"state"`       // of the first node that has one: fast
	StalenessS float64 `json:"staleness_s"` // how old all this is, in seconds, where it is shown
	// Down are the nodes that do not answer a neighbour.
	Down []NodeID `json:"down,omitempty"`
	// Paces are those of the nodes that compute, and have been heard of lately.
	Paces []Pace `json:"paces,omitempty"`
	// Links are those that nodes which have been heard of lately have measured.
	Links []Link `json:"links,omitempty"`
}

// Pace is how fast a node is.
type Pace struct {
	NodeID
	Slowdown float64 `json:"slowdown"`            // how many times as long as expected layers take; 0: not known
	SwitchMS float64 `json:"switch_ms,omitempty"` // that the tail takes to become resident, in the mean; 0: it did not, so far
}

// Link is what leads to a node, as the one above it has measured it by the frames of late.
type Link struct {
	NodeID
	Rate float64 `json:"rate"` // bytes a second that it carries
}

// AddDown adds nodes that do not answer, each once.
func (l *Live) AddDown(nodes []NodeID) {
	for _, id := range nodes {
		if !slices.Contains(l.Down, id) {
			l.Down = append(slices.Clip(l.Down), id)
		}
	}
}

// Status is what the stage is doing now.
func (s *Stage) Status() Status {
	now, measured, held := time.Now(), s.timing.read(), s.holding()
	e := s.account(now)
	return Status{
		Entry:     e,
		Layers:    [2]int{held.From, held.To},
		State:     s.ledger.State(),
		Queue:     len(s.queue.frames),
		Capacity:  s.queue.Capacity(),
		ServiceMS: milliseconds(measured.service.mean),
		SpreadMS:  milliseconds(measured.service.deviation),
		WaitMS:    milliseconds(measured.wait),
		RateIn:    s.in.Rate(now, e.Received),
		RateOut:   s.out.Rate(now, e.Forwarded+e.Finished),
		Throttled: s.throttled(),
		Slowdown:  Brief(measured.slowdown),
	}
}

// oldS is the age in seconds from which on what a node said of others holds no more: it may be the one that is down.
const oldS = 3

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
			l.Sent = max(l.Sent, n.Sent())
		}
		if l.State == "" {
			l.State = n.State
		}
		if n.StalenessS <= oldS {
			l.AddDown(n.Down)
			l.Links = append(l.Links, n.Links...)
			if n.Layers[1] > 0 {
				l.Paces = append(l.Paces, Pace{n.NodeID, n.Slowdown, Brief(n.SwitchMS / float64(max(1, n.Switches)))})
			}
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
