package plot

import (
	"errors"
	"fmt"
	"slices"

	"tandem/pipeline"
)

// mostSlow bounds the memory that a line of the trace can ask for.
const mostSlow = 64

// decision is a line of a trace.
type decision struct {
	Run string `json:"run"`
	pipeline.Decided
}

// traced is a trace of which one run is kept.
type traced struct {
	wanted string  // empty: the last
	run    string  // that was read last
	before string  // the one before it, some of whose lines may come late
	drawn  *course // of fast, or of the first node where none is fast
}

// take checks a decision, and adds it to the course if it is of that run and node.
func (t *traced) take(l decision) error {
	switch {
	case l.Run == "" || l.Decision == "":
		return errors.New("it has no run or no decision, and is no line of a trace")
	case l.AtMS < 0 || l.AtMS > 1e11:
		return fmt.Errorf("t_ms is %g: milliseconds of a run are from 0 to 1e11", l.AtMS)
	case l.Backlog < 0:
		return fmt.Errorf("backlog is a number %d, which it can't be", l.Backlog)
	case len(l.Slow) > mostSlow:
		return fmt.Errorf("it has %d slow nodes: up to %d are drawn", len(l.Slow), mostSlow)
	}
	if l.Run != t.run && l.Run != t.before {
		t.before, t.run = t.run, l.Run
	}
	if l.Run != t.run || t.wanted != "" && l.Run != t.wanted {
		return nil
	}
	if t.drawn == nil || t.drawn.run != l.Run || l.Node == "fast" && t.drawn.node != "fast" {
		t.drawn = &course{run: l.Run, node: l.Node, every: 1}
	}
	if t.drawn.node == l.Node {
		t.drawn.add(l.Decided)
	}
	return nil
}

// mostMoments is how many a course has at most.
const mostMoments = 1 << 10

// course is one node's run. However long it was, it takes the same memory: when there are too many moments, each takes
// in its neighbour.
type course struct {
	run, node string
	queues    []int // the places of each slow node's queue
	capacity  int   // those of its own
	decisions int
	every     int // decisions to a moment; the newest may have fewer
	moments   []moment
}

// moment is the last of some decisions, with what was counted until then.
type moment struct {
	pipeline.Decided
	from      float64 // ms; when the first of them was made
	finished  int64
	waited    int64
	forwarded [mostSlow]int64 // to each slow node
	refused   [mostSlow]int64 // by each
}

// gravity is how grave a state is: of the states of a moment it shows the gravest. One that is not known is below all.
func gravity(s pipeline.State) int { return slices.Index(pipeline.States, s) }

// last is the newest moment, or an empty one.
func (c *course) last() (last moment) {
	if n := len(c.moments); n > 0 {
		last = c.moments[n-1]
	}
	return last
}

func (c *course) add(d pipeline.Decided) {
	one := c.last()
	if gravity(d.State) < 0 {
		d.State = one.State
	}
	d.AtMS = max(d.AtMS, one.AtMS)
	one.Decided, one.from = d, d.AtMS
	for i, s := range d.Slow {
		if i == len(c.queues) {
			c.queues = append(c.queues, 0)
		}
		c.queues[i] = max(c.queues[i], s.Queue)
		one.refused[i] = s.Refused
	}
	c.capacity = max(c.capacity, d.Capacity)
	switch {
	case d.Decision == "finish":
		one.finished++
	case d.Decision == "wait":
		one.waited++
	case d.To >= 0 && d.To < len(d.Slow):
		one.forwarded[d.To]++
	}
	if c.decisions%c.every == 0 {
		c.moments = append(c.moments, one)
	} else {
		c.moments[len(c.moments)-1].end(one)
	}
	if c.decisions++; len(c.moments) == mostMoments && c.decisions%c.every == 0 {
		c.shorten()
	}
}

// end moves the end of a moment to a later decision.
func (m *moment) end(at moment) {
	at.from = m.from
	if gravity(m.State) > gravity(at.State) {
		at.State = m.State
	}
	*m = at
}

// shorten joins the moments in pairs.
func (c *course) shorten() {
	half := c.moments[:0]
	for pair := range slices.Chunk(c.moments, 2) {
		pair[0].end(pair[1])
		half = append(half, pair[0])
	}
	c.moments = half
	c.every *= 2
}
