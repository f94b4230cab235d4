package role

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tandem/pipeline"
	"tandem/role/edge"
	"tandem/role/options"
	"tandem/transport"
)

// releaseAfter is how long a node has no run before it gives memory back to the system: one that follows at once needs it again.
const releaseAfter = 10 * time.Second

// How a session of a node ends: its neighbours close their edges or fall silent, or the node is stopped.

// Close takes one edge away. The answer comes when the run is closed, so all neighbours get the same report. A neighbour whose
// part was interrupted does not wait for a run that goes on without it.
func (n *node) Close(ctx context.Context, c transport.Closing) (pipeline.Report, error) {
	s, closing, err := n.leave(c)
	if err != nil {
		return pipeline.Report{}, err
	}
	if c.Reason == transport.Stopped || c.Reason == transport.Interrupted && !closing {
		return pipeline.Report{}, nil
	}
	defer n.acknowledged(s, c.From)
	select {
	case <-s.closed:
		switch {
		case c.Reason == transport.Interrupted:
			return s.report, nil
		case s.interrupted: // there shall be a report of all of the run: it has to be taken up again first
			return pipeline.Report{}, n.unknown(c.Run)
		}
		return s.report, s.closeErr
	case <-ctx.Done():
		return pipeline.Report{}, ctx.Err()
	}
}

// leave takes a neighbour's edge away from its session, which ends with the last one. A neighbour that is only being started
// again finds its run as it has left it. closing reports whether the session ends.
func (n *node) leave(c transport.Closing) (s *session, closing bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s = n.run
	last := n.last
	if last != nil && last.id == c.Run && (s == nil || s.id != c.Run) {
		return last, true, nil
	}
	if s == nil || s.id != c.Run || s.part == nil {
		return nil, false, n.unknown(c.Run)
	}
	if s.closing {
		return s, true, nil
	}
	a := s.above[c.From]
	if a == nil {
		return nil, false, fmt.Errorf("%w: %q has not opened run %s on this node", pipeline.ErrUnknownRun, c.From, c.Run)
	}
	a.open, a.left = false, true // it may be told twice, where an answer was lost
	s.over = s.over || c.Reason == transport.Over
	s.gather(c)
	switch {
	case s.held():
	case c.Reason == transport.Stopped && !s.over:
		s.vacant = time.Now()
	case n.role == options.End && s.awaited(): // all ledgers come together here
		if s.vacant.IsZero() {
			s.vacant = time.Now()
		}
	default:
		n.finish(s)
	}
	return s, s.closing, nil
}

// watch closes the edges whose neighbours have fallen silent. It lasts as long as the session.
func (n *node) watch(s *session) {
	tick := time.NewTicker(n.idle / 4)
	defer tick.Stop()
	for {
		select {
		case <-s.closed:
			return
		case now := <-tick.C:
			n.dropSilent(s, now)
		}
	}
}

func (n *node) dropSilent(s *session, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, a := range s.above {
		if a.open && now.Sub(a.seen) > n.idle {
			a.open = false
			s.note(fmt.Sprintf("%s was silent for %s and did not close the run", a.called, n.idle))
			n.log.Warn().Str("run", s.id).Str("neighbour", a.called).Dur("idle", n.idle).Msg("neighbour is silent: its part of the run is closed")
		}
	}
	switch {
	case s.held():
	case s.vacant.IsZero(), s.over && now.Sub(s.vacant) > n.idle/2:
		n.finish(s)
	case now.Sub(s.vacant) > n.idle:
		s.note(fmt.Sprintf("all nodes before %s were stopped, and none came back within %s", edge.Called(n.id), n.idle))
		n.finish(s)
	}
}

// finish closes a session whose last edge is gone, or which has to end because the node is stopped. Call it with n.mu
// held.
func (n *node) finish(s *session) {
	if s.closing {
		return
	}
	s.closing = true
	slices.SortStableFunc(s.nodes, func(a, b pipeline.Entry) int { return a.Rank() - b.Rank() })
	end := edge.Ending{Nodes: slices.Clip(s.nodes), Notes: slices.Clip(s.notes), Reason: transport.Interrupted}
	end.Least = 4 * n.drain // every node further down may take its whole time to drain
	switch {
	case n.stopping:
		end.Reason = transport.Stopped
	case s.over:
		end.Reason = transport.Over
	default:
		s.interrupted = true
	}
	n.sessions.Go(func() {
		report, err := s.part.Close(context.Background(), end)
		failed := err
		switch {
		case err != nil:
			n.log.Error().Err(err).Str("run", s.id).Msg("run closed without a report")
		case (end.Reason == transport.Stopped || report.Run == "") && n.role != options.End:
			n.log.Info().Str("run", s.id).Msg("left the run")
			err = fmt.Errorf("%s is %w: end has the report of run %s", n.role, pipeline.ErrStopping, s.id)
		default:
			n.log.Info().Str("run", s.id).Float64("coverage", report.Coverage).Int64("delivered", report.Delivered).Msg("run closed")
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		own := s.part.status()
		s.total = n.total
		n.total.Add(own.Entry)
		s.remember(append(s.part.Above(), own), report)
		s.report, s.closeErr, s.left = report, err, failed == nil // which may be asked for later
		if s.told = end.Nodes; report.Run == "" {                 // its own is with them
			s.told = report.Nodes
		}
		if !s.interrupted {
			s.part = nil // garbage
		}
		n.run, n.last = nil, s
		if !n.stopping {
			n.release.Reset(releaseAfter)
		}
		close(s.closed)
	})
}

// stop refuses new runs, drains the active one, and waits for its end, and until the neighbours know of it.
func (n *node) stop() {
	n.mu.Lock()
	n.stopping = true
	n.release.Stop()
	if s := n.run; s != nil && s.part != nil { // one that is being opened is interrupted when it is settled
		n.interrupt(s)
	}
	n.mu.Unlock()
	n.sessions.Wait()
	n.mu.Lock()
	s := n.last
	n.mu.Unlock()
	if s == nil || s.parted == nil {
		return
	}
	select {
	case <-s.parted:
	case <-time.After(edge.Beat + 2*edge.Probe): // who lives has shown a sign of it
	}
}

// interrupt closes a session because the node is stopped. Call it with n.mu held.
func (n *node) interrupt(s *session) {
	if s.closing {
		return
	}
	s.note(edge.Called(n.id) + " was stopped during the run")
	s.parting, s.parted = make(map[string]bool), make(chan struct{})
	for from, a := range s.above {
		if a.open {
			s.parting[from] = true
		}
	}
	if len(s.parting) == 0 {
		close(s.parted)
	}
	n.finish(s)
}

// acknowledged takes note of a neighbour that has had the last word of this life.
func (n *node) acknowledged(s *session, from string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s.parting[from] {
		if delete(s.parting, from); len(s.parting) == 0 {
			close(s.parted)
		}
	}
}
