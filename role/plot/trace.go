package plot

import (
	"errors"
	"fmt"
)

// tracedDecision is what a picture needs of a decision.
type tracedDecision struct {
	Run      string  `json:"run"`
	Node     string  `json:"node"`
	TimeMS   float64 `json:"t_ms"`
	Decision string  `json:"decision"`
	To       int     `json:"to"`
	State    string  `json:"state"`
	Backlog  uint32  `json:"backlog"`
	Capacity uint32  `json:"capacity"`
	Refused  uint64  `json:"refused"`
	Switches uint64  `json:"switches"`
	Slow     []struct {
		Up      bool   `json:"up"`
		Length  uint32 `json:"length"`
		Queue   uint32 `json:"queue"`
		Refused uint64 `json:"refused"`
	} `json:"slow"`
}

// mostSlow bounds the memory that a line of the trace can ask for.
const mostSlow = 64

// traced reads a trace, and keeps one run of it.
type traced struct {
	wanted string // empty: the last
	run    string // that was read last
	before string // the one before it, some of whose lines may come late
	fast   *course
	first  *course // of the first node, where none is fast
	kept   bool
}

// take reads one decision.
func (t *traced) take(text []byte) error {
	var l tracedDecision
	if err := parseLine(text, &l); err != nil {
		return err
	}
	switch {
	case l.Run == "" || l.Decision == "":
		return errors.New("it has no run or no decision, and is no line of a trace")
	case l.TimeMS < 0 || l.TimeMS > 1e11:
		return fmt.Errorf("t_ms is %g: milliseconds of a run are from 0 to 1e11", l.TimeMS)
	case len(l.Slow) > mostSlow:
		return fmt.Errorf("it has %d slow nodes: up to %d are drawn", len(l.Slow), mostSlow)
	}
	if l.Run == t.before {
		return nil
	}
	if l.Run != t.run {
		t.before, t.run = t.run, l.Run
		if t.kept = t.wanted == "" || t.wanted == l.Run; t.kept {
			t.fast, t.first = nil, nil
		}
	}
	if !t.kept {
		return nil
	}
	switch {
	case l.Node == "fast":
		if t.fast == nil {
			t.fast = newCourse(l.Node)
		}
		t.fast.add(l)
	case t.first == nil || t.first.node == l.Node:
		if t.first == nil {
			t.first = newCourse(l.Node)
		}
		t.first.add(l)
	}
	return nil
}

// drawn is the node that is drawn, or nil.
func (t *traced) drawn() *course {
	if t.fast != nil {
		return t.fast
	}
	return t.first
}

// A course has so many moments at most, and they begin with this length.
const (
	mostMoments = 1 << 10
	firstMoment = 0.1 // ms
)

// course is one node's run. However long it was, it takes the same memory: when there are too many moments, each takes
// in its neighbour.
type course struct {
	node      string
	capacity  uint32 // of its queue
	queues    []uint32
	decisions int
	end       float64 // ms
	moment    float64 // ms
	moments   []moment
}

func newCourse(node string) *course { return &course{node: node, moment: firstMoment} }

// moment is what happened in a slice of time.
type moment struct {
	lines     float64
	time      float64 // added up, as is the backlog
	backlog   float64
	finished  float64
	waited    float64
	refused   float64 // since the run began
	switches  float64
	state     nodeState // the gravest
	lastState nodeState
	slow      []slowMoment
}

type slowMoment struct {
	lines     float64 // on which it is up
	length    float64 // added up
	down      bool
	forwarded float64
	refused   float64
}

// nodeState is what the node does about overload; the graver ones are later.
type nodeState int

const (
	unknown nodeState = iota
	forwarding
	finishing
	switching
	hopDown
)

var states = map[string]nodeState{"forwarding": forwarding, "finishing": finishing, "switching": switching, "hop down": hopDown}

func (c *course) add(l tracedDecision) {
	for l.TimeMS/c.moment >= mostMoments {
		c.shorten()
	}
	at := int(l.TimeMS / c.moment)
	for len(c.moments) <= at {
		c.moments = append(c.moments, moment{})
	}
	s := states[l.State]
	one := moment{lines: 1, time: l.TimeMS, backlog: float64(l.Backlog), refused: float64(l.Refused), switches: float64(l.Switches), state: s, lastState: s, slow: make([]slowMoment, len(l.Slow))}
	switch l.Decision {
	case "forward":
		if l.To >= 0 && l.To < len(l.Slow) {
			one.slow[l.To].forwarded = 1
		}
	case "finish":
		one.finished = 1
	case "wait":
		one.waited = 1
	}
	for len(c.queues) < len(l.Slow) {
		c.queues = append(c.queues, 0)
	}
	for i, n := range l.Slow {
		c.queues[i] = max(c.queues[i], n.Queue)
		if to := &one.slow[i]; n.Up {
			to.lines, to.length = 1, float64(n.Length)
		} else {
			to.down = true
		}
		one.slow[i].refused = float64(n.Refused)
	}
	c.moments[at].join(one)
	c.capacity = max(c.capacity, l.Capacity)
	c.end = max(c.end, l.TimeMS)
	c.decisions++
}

// shorten joins the moments in pairs.
func (c *course) shorten() {
	half := c.moments[:0]
	for i := 0; i < len(c.moments); i += 2 {
		one := c.moments[i]
		if i+1 < len(c.moments) {
			one.join(c.moments[i+1])
		}
		half = append(half, one)
	}
	c.moments = half
	c.moment *= 2
}

// join adds a later moment.
func (m *moment) join(n moment) {
	m.lines += n.lines
	m.time += n.time
	m.backlog += n.backlog
	m.finished += n.finished
	m.waited += n.waited
	m.refused = max(m.refused, n.refused)
	m.switches = max(m.switches, n.switches)
	m.state = max(m.state, n.state)
	if n.lastState != unknown {
		m.lastState = n.lastState
	}
	for len(m.slow) < len(n.slow) {
		m.slow = append(m.slow, slowMoment{})
	}
	for i, from := range n.slow {
		to := &m.slow[i]
		to.lines += from.lines
		to.length += from.length
		to.down = to.down || from.down
		to.forwarded += from.forwarded
		to.refused = max(to.refused, from.refused)
	}
}
