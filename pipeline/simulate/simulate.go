package simulate

import (
	"cmp"
	"iter"
	"strconv"
	"time"

	"tandem/pipeline"
	"tandem/strategy"
)

// simulation is one run under way.
type simulation struct {
	*clock
	plan     Plan
	began    time.Time
	entry    strategy.Entry
	recorder *pipeline.Recorder
	client   *client
	end      *host
	levels   [][]*member
	values   map[int][]float32 // shared by all nodes
	lives    int
	over     func(pipeline.Report) // told once
}

// member is a place in the pipeline, with the nodes that have been there.
type member struct {
	*host
	plan     *Node
	level    int
	node     *node
	opening  []func() // told when the run is open on it
	restarts int
	late     bool             // it has not joined yet
	returns  bool             // it is started again as soon as it has stopped
	parted   []func()         // told when it has stopped
	told     []pipeline.Entry // by lives that were stopped
}

// start starts a life of a node, and opens the run on it.
func (s *simulation) start(m *member) {
	s.lives++
	m.life = strconv.Itoa(s.lives)
	n := &node{clock: s.clock, host: m.host, plan: m.plan, opened: s.now}
	c := m.plan.Stage
	c.ID, c.Life, c.EndID = m.ID, m.life, s.end.ID
	c.Window = window
	n.memory = &memory{tail: c.KeepTail, shapes: c.Holding.Shapes, values: s.values}
	c.Executor, c.Strategy = n.memory, strategy.Finisher{}
	if c.Failed == nil {
		c.Failed = func(int, error) {}
	}
	below := s.below(m)
	if len(below) > 0 {
		c.Keeps = s.entry.Keeps
		c.Strategy = s.entry.Start(strategy.Params{Tasks: s.plan.Run.Tasks, Loading: s.plan.Run.Load})
	}
	n.c = c
	n.station = pipeline.NewStation(c, s.now)
	for _, to := range below {
		s.handOver(n, to)
	}
	n.end = s.newHop(s.newEdge(m.host, s.end, false))
	n.end.moved = n.wake
	n.end.done = func(frames []pipeline.Frame, answers []pipeline.Feedback, _ string, err error, free func()) {
		n.station.Finished(frames, answers, err)
		free()
		n.wake()
	}
	m.node = n
	s.after(0, n.wake)
	m.offer = func(frames []pipeline.Frame, kept bool) ([]pipeline.Feedback, error) {
		answers, err := n.station.Admit(s.now, frames, kept)
		s.after(0, n.wake)
		return answers, err
	}
}

// handOver has a node hand frames over to one below, from now on.
func (s *simulation) handOver(n *node, to *member) {
	e := s.newEdge(n.host, to.host, s.entry.Keeps)
	e.show()
	e.reborn = func() { n.reborn = true }
	i := n.station.HandOver(e)
	h := s.newHop(e)
	h.moved = n.wake
	h.done = func(frames []pipeline.Frame, answers []pipeline.Feedback, _ string, err error, free func()) {
		at := s.now
		n.tell(func() {
			n.station.Answered(at, i, frames, answers, err, false)
			free()
		})
	}
	n.next = append(n.next, h)
}

// arrive is what end does with results.
func (s *simulation) arrive(frames []pipeline.Frame, _ bool) ([]pipeline.Feedback, error) {
	answers := make([]pipeline.Feedback, len(frames))
	for i := range frames {
		s.recorder.Add(&frames[i])
		answers[i].Accepted = true
	}
	return answers, nil
}

// close closes the nodes of a level, and then those below.
func (s *simulation) close(level int, entries []pipeline.Entry) {
	if level == len(s.levels) {
		r := s.recorder.Close(s.now, s.entryOf(s.end, pipeline.Entry{NodeID: s.end.ID}), entries)
		r.Simulated = true
		s.over(r)
		return
	}
	left := len(s.levels[level])
	done := func() {
		if left--; left > 0 {
			return
		}
		for _, m := range s.levels[level] {
			entries = append(entries, m.told...)
			if m.life != "" { // otherwise its ledger has died with it
				entries = append(entries, s.tell(m, entries...))
			}
		}
		s.close(level+1, entries)
	}
	for _, m := range s.levels[level] {
		switch {
		case m.life == "":
			s.after(0, done)
		case m.stopping:
			m.parted = append(m.parted, done)
		default:
			m.node.close(done)
		}
	}
}

// tell closes the ways of a node to those below, and returns its entry. The entries are those of the nodes above.
func (s *simulation) tell(m *member, above ...pipeline.Entry) pipeline.Entry {
	e := m.node.station.Tell(s.now, above...)
	e.Restarted = m.restarts > 0
	for _, h := range m.node.next {
		h.edge.ended = true
		e.Next = append(e.Next, h.edge.to.ID.Address)
	}
	return s.entryOf(m.host, e)
}

// entryOf adds to an entry what is known of the program beside.
func (s *simulation) entryOf(h *host, e pipeline.Entry) pipeline.Entry {
	e.ElapsedS, e.Bytes = cmp.Or(e.ElapsedS, s.now.Sub(s.began).Seconds()), h.bytes
	if h.Tell != nil {
		h.Tell(&e)
	}
	return e
}

// client sends the frames when they are due.
type client struct {
	*simulation
	host   *host
	to     []*member
	hops   []*hop
	ledger pipeline.Ledger
	trail  pipeline.Trail
	gap    func() (time.Duration, bool)
	stop   func()
	shapes [][]int
	data   []float32
	sent   uint64
	over   bool
}

func (s *simulation) newClient() *client {
	c := &client{simulation: s, host: &host{Host: s.plan.Client, alive: true, life: "client"}}
	c.to = []*member{s.levels[0][0]}
	if s.entry.Whole { // the frames are dealt out
		for level := range s.levels[1:] {
			c.to = append(c.to, s.there(level+1)...)
		}
	}
	return c
}

// begin begins to send: the run is open.
func (c *client) begin() {
	for _, m := range c.to {
		e := c.newEdge(c.host, m.host, false)
		e.show()
		h := c.newHop(e)
		h.done = func(frames []pipeline.Frame, _ []pipeline.Feedback, life string, err error, free func()) {
			if err != nil {
				c.ledger.Count(pipeline.Lost, len(frames))
			} else {
				c.ledger.Count(pipeline.Forwarded, len(frames))
				c.trail.Hand(m.ID, life, frames...)
			}
			free()
			c.settle()
		}
		c.hops = append(c.hops, h)
	}
	first := c.levels[0][0].node
	c.shapes, c.data = first.memory.shapes(0), first.memory.data(0)
	c.gap, c.stop = iter.Pull(c.plan.Gaps)
	c.after(0, c.send)
}

// send sends the frame that is due, and plans the next one.
func (c *client) send() {
	if frames := c.plan.Run.Frames; frames > 0 && c.sent == frames {
		c.stop()
		c.over = true
		c.settle()
		return
	}
	c.offer()
	if gap, more := c.gap(); more {
		c.after(gap, c.send)
	} else {
		c.over = true
		c.settle()
	}
}

// offer gives a frame to its hop. One that finds no place is refused.
func (c *client) offer() {
	h := c.hops[c.sent%uint64(len(c.hops))]
	f := pipeline.Frame{ID: c.sent, Shapes: c.shapes, Data: c.data, Label: pipeline.NoLabel, Since: c.now}
	c.sent++
	c.ledger.Count(pipeline.Received, 1)
	c.trail.Receive(f.ID)
	if !h.offer(f) {
		c.ledger.Count(pipeline.Refused, 1)
	}
}

// settle closes the run once the last frame is answered.
func (c *client) settle() {
	if !c.over {
		return
	}
	for _, h := range c.hops {
		if !h.empty() {
			return
		}
	}
	c.over = false
	for _, h := range c.hops {
		h.edge.ended = true
	}
	e := c.ledger.Entry(c.now)
	e.NodeID, e.Life, e.Next = c.host.ID, "client", []string{c.levels[0][0].ID.Address}
	c.trail.Tell(&e)
	c.close(0, []pipeline.Entry{c.entryOf(c.host, e)})
}
