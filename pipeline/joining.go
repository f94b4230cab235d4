package pipeline

import "slices"

// Next nodes come and go while a run goes on:
//
//	Join ──▶ takes frames ──Leave──▶ takes no more ──all answered──▶ part() ──▶ gone
//	                                                                   │
//	                       what it has accepted and not handed on ◀────┘ comes back

// Join adds a next node to a stage that has some. It reports whether the stage still takes frames: one that has ended takes no node.
func (s *Stage) Join(to Hopper) bool {
	return s.tell(func() { s.begin(s.join(to)) })
}

// Leave takes a next node away: it gets no more frames, and when those under way to it are answered, part is called, by a
// goroutine of the stage. Part closes the way, such that the node hands on what it has; where it could, Hopper.Left says so
// afterwards. In any case the hopper is not up any more then. Leave does not wait for that. It reports false, and part is not
// called, where the stage has ended or does not know the node.
func (s *Stage) Leave(to Hopper, part func()) (known bool) {
	s.ask(func() {
		i := slices.IndexFunc(s.branches, func(b *branch) bool { return b.to == to && !b.leaving() })
		if known = i >= 0; known {
			s.branches[i].part = part
			s.see(s.branches[i])
			s.partFrom(s.branches[i])
		}
	})
	return known
}

// tell has the loop call a function. It reports false where the loop has ended.
func (s *Stage) tell(event func()) bool {
	select {
	case s.events <- event:
		return true
	case <-s.done:
		return false
	}
}

// ask is tell, and waits until the function has been called.
func (s *Stage) ask(f func()) bool {
	done := make(chan struct{})
	if !s.tell(func() { f(); close(done) }) {
		return false
	}
	<-done
	return true
}

// partFrom closes the way to a node that leaves, once nothing is on it.
func (s *Stage) partFrom(b *branch) {
	if !b.leaving() || b.inFlight > 0 {
		return
	}
	b.hop.Close()
	s.parting++
	go func() { // ends with part; the loop's end waits for it
		b.hop.Wait()
		b.part()
		s.events <- func() {
			s.parting--
			s.parted(b)
		}
	}()
}

// forwards reports whether frames go on from here to next nodes, of which there may be none now.
func (s *Station) forwards() bool { return len(s.branches) > 0 }

// HandOver makes a node the next one of a station, and returns its number among the next nodes.
func (s *Station) HandOver(to Hopper) int { return s.join(to).index }

// join makes the branch to a node, in the place of one that has left, or behind the others.
func (s *Station) join(to Hopper) *branch {
	b := &branch{index: s.fleet.Join(), to: to, life: to.Life()}
	if b.index == len(s.branches) {
		s.branches = append(s.branches, nil)
	}
	s.branches[b.index] = b
	s.see(b)
	return b
}

// leaving reports whether the node behind a branch gets no more frames. Nil, the way to end, never leaves.
func (b *branch) leaving() bool { return b != nil && b.part != nil }

// parted forgets a node that has left, and takes back what that can't be known to have handed on.
func (s *Station) parted(b *branch) {
	s.takeBack(b, true)
	b.gone = true
	s.fleet.Leave(b.index)
}
