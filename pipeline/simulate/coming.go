package simulate

import "time"

// How nodes come and go in the course of a run:
//
//	late ──join──▶ there ──kill──▶ away: what it had is gone ─────────back──▶ there
//	                 │                                                  ▲
//	                 └────stop──▶ stopping: it hands on what it has ──▶ away

// look is how often the nodes above look who has joined, as those do that follow a name (role/follow).
const look = time.Second

// join makes a node that was late one of the run, as soon as those above look.
func (s *simulation) join(m *member) {
	m.alive, m.late = true, false
	for _, above := range s.levels[m.level-1] {
		n := above.node
		if n == nil || above.plan.Stage.Holding.To == above.plan.Stage.Layers {
			continue // it will open the run on all that are there; or hands over to none
		}
		since := s.now.Sub(n.opened)
		s.after((since+look-1).Truncate(look)-since, func() {
			if n.dead || n.closing {
				return
			}
			s.openOn(n.host, m.host, func(answer func()) { s.open(m, answer) }, func() {
				if !n.dead && !n.closing && m.life != "" {
					s.handOver(n, m)
				}
			})
		})
	}
}

// kill ends a node at once.
func (s *simulation) kill(m *member) {
	n := m.node
	if !m.alive || n != nil && n.closed == nil && n.closing {
		return
	}
	s.leave(m)
	if n != nil && n.closed != nil { // the run is being closed: nobody waits for it
		n.closed()
	}
}

// stop ends a node once it has handed on what it has. It takes nothing more.
func (s *simulation) stop(m *member) {
	n := m.node
	switch {
	case !m.alive || n != nil && n.closing:
		return
	case m.life == "":
		s.leave(m)
		return
	}
	m.stopping = true
	n.close(func() {
		m.told = append(m.told, s.tell(m))
		for _, e := range m.edges { // its last word
			life := m.life
			s.after(e.delay, func() { e.left = life })
		}
		s.leave(m)
		for _, told := range m.parted {
			told()
		}
		if m.stopping = false; m.returns {
			m.alive = true
		}
	})
}

// leave takes a node away, with its calls.
func (s *simulation) leave(m *member) {
	m.alive, m.life = false, ""
	m.restarts++
	for _, e := range m.host.edges {
		e.reset()
	}
	if n := m.node; n != nil {
		n.dead = true
		for _, h := range append(n.next, n.end) {
			h.edge.ended = true
		}
	}
}

// back starts a node again.
func (s *simulation) back(m *member) {
	if m.stopping {
		m.returns = true
		return
	}
	m.alive = true
}
