package simulate

import "slices"

// A run is opened as real nodes open it: each opens it on the nodes below, all at the same time, and then on end, before it
// answers the one above. Whoever opens it asks first who is there. So a slow node counts the run's time from an earlier moment
// than fast, and the client begins to send when all have answered:
//
//	client ─▶ fast ─▶ slow ─▶ end ─▶ slow ─▶ fast ─▶ end ─▶ fast ─▶ client: the first frame

// openingBytes are those of a call that opens a run, and of its answer.
const openingBytes = 600

// ask takes a question from one program to another, and back what it answers with. Where the other one is dead, that shows.
func (s *simulation) ask(from, to *host, question func(answer func()), then func()) {
	if !to.alive {
		s.after(2*s.plan.Delay, then)
		return
	}
	newLine(s.clock, from, to, s.plan.Delay).send(openingBytes, func() {
		question(func() { newLine(s.clock, to, from, s.plan.Delay).send(openingBytes, then) })
	})
}

// openOn asks who is there, and then has the run opened.
func (s *simulation) openOn(from, to *host, open func(answer func()), then func()) {
	s.ask(from, to, atOnce, func() { s.ask(from, to, open, then) })
}

// atOnce is a question that is answered without more ado.
func atOnce(answer func()) { answer() }

// open opens the run on a node and on those below. then is called when that has been done, by whoever asked first.
func (s *simulation) open(m *member, then func()) {
	if m.life != "" || !m.alive {
		s.after(0, then)
		return
	}
	if m.opening = append(m.opening, then); len(m.opening) > 1 {
		return
	}
	last := func() {
		s.openOn(m.host, s.end, atOnce, func() {
			if m.alive && m.life == "" {
				s.start(m)
			}
			waiting := m.opening
			m.opening = nil
			for _, then := range waiting {
				then()
			}
		})
	}
	var below []*member // also where it hands no frames on to them
	if m.level+1 < len(s.levels) {
		below = s.there(m.level + 1)
	}
	left := len(below)
	if left == 0 {
		last()
		return
	}
	for _, to := range below {
		s.openOn(m.host, to.host, func(answer func()) { s.open(to, answer) }, func() {
			if left--; left == 0 {
				last()
			}
		})
	}
}

// below are the members that a node hands frames on to; none where it finishes them all.
func (s *simulation) below(m *member) []*member {
	if m.plan.Stage.Holding.To == m.plan.Stage.Layers || m.level+1 == len(s.levels) {
		return nil
	}
	return s.there(m.level + 1)
}

// there are the members of a level that have joined.
func (s *simulation) there(level int) []*member {
	return slices.DeleteFunc(slices.Clone(s.levels[level]), func(m *member) bool { return m.late })
}

// open opens the run on the nodes that the client sends to, one after the other, and begins it then. Each is asked once more
// before, for the inputs of its network.
func (c *client) open(to []*member) {
	if len(to) == 0 {
		c.begin()
		return
	}
	m := to[0]
	c.ask(c.host, m.host, atOnce, func() {
		c.openOn(c.host, m.host, func(answer func()) { c.simulation.open(m, answer) }, func() { c.open(to[1:]) })
	})
}
