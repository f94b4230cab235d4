package role

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/role/monitor"
	"tandem/role/options"
	"tandem/transport"
)

// part is what a node does in one run.
type part interface {
	// Offer takes frames and answers each; an error means that none was taken.
	Offer(frames []pipeline.Frame, kept bool) ([]pipeline.Feedback, error)
	// Close drains, closes the run on the nodes below, and returns the report.
	Close(context.Context, ending) (pipeline.Report, error)

	status() pipeline.Status     // of this node
	Statuses() []pipeline.Status // of this node and of all above that are known
	Above() []pipeline.Status    // of those above
	Receive([]pipeline.Status)   // from a neighbour above
	Summary() *pipeline.Live     // end's; nil: not known
	below() map[string]bool      // the addresses of the nodes below, and whether they answer
}

// node is the life of fast, slow and end: it serves one run after another and holds at most one at a time.
//
//	            Open                    last edge closed, silent or node stopped
//	(no run) ─────────▶ opening ──▶ open ──────────────────────────────────────▶ closing ──▶ (no run)
//	    ▲                  │         ▲ │                                                        │
//	    │                  │ error   └─┘ Open by another neighbour, Push, Close of one edge     │
//	    └──────────────────┴────────────────────────────────────────────────────────────────────┘
type node struct {
	role    options.Role
	version string
	queue   int // places, where there is one
	log     zerolog.Logger
	some    zerolog.Logger // for what others can make happen very often
	idle    time.Duration
	drain   time.Duration
	built   chan struct{} // closed when begin stands
	// begin makes this role's part in a run, which may outlast the context.
	begin func(context.Context, transport.Opening) (part, transport.Opened, error)

	mu       sync.Mutex
	id       pipeline.NodeID // as the neighbour above dials it, once one has
	run      *session        // nil: no run
	last     *session        // the run closed last, for neighbours that ask late
	total    monitor.Totals  // of the runs that are closed
	stopping bool
	sessions sync.WaitGroup // watching and closing of runs
}

var _ transport.Node = (*node)(nil)

// Open begins a run, or adds an edge to it where another neighbour has opened it already. It waits for a node that is
// only starting, and for a run that is being closed.
func (n *node) Open(ctx context.Context, o transport.Opening) (transport.Opened, error) {
	select {
	case <-n.built:
	case <-ctx.Done():
		return transport.Opened{}, ctx.Err()
	}
	if s := n.closingOther(o.Run.ID); s != nil {
		select {
		case <-s.closed:
		case <-ctx.Done():
			return transport.Opened{}, ctx.Err()
		}
	}
	s, first, err := n.join(o)
	if err != nil {
		return transport.Opened{}, err
	}
	if first {
		p, answer, err := n.begin(ctx, o)
		n.settle(s, p, answer, err)
	}
	select {
	case <-s.opened:
		return s.answer, s.openErr
	case <-ctx.Done():
		return transport.Opened{}, ctx.Err()
	}
}

// closingOther returns the session that is being closed, if it is not of that run.
func (n *node) closingOther(run string) *session {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s := n.run; s != nil && s.closing && s.id != run {
		return s
	}
	return nil
}

// join finds or makes the session that an opening asks for.
func (n *node) join(o transport.Opening) (s *session, first bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	s = n.run
	switch {
	case n.last != nil && n.last.id == o.Run.ID && s == nil:
		return nil, false, fmt.Errorf("%w %s: a run of that id has been closed here: choose another", pipeline.ErrInvalidRun, o.Run.ID)
	case n.stopping:
		return nil, false, fmt.Errorf("this node is %w: start it again", pipeline.ErrStopping)
	case s == nil:
		s, first = newSession(o, now), true
		n.run, n.id.Address = s, o.Address
		n.sessions.Add(1) // the opening, until it is settled
	case s.id != o.Run.ID:
		return nil, false, fmt.Errorf("%w: run %s is active on %s since %s: close it, or wait until its client has been silent for %s",
			pipeline.ErrBusy, s.id, n.role, now.Sub(s.since).Round(time.Second), n.idle)
	case s.closing:
		return nil, false, fmt.Errorf("run %s is %w: open a new one", s.id, pipeline.ErrStopping)
	case s.layer > 0 && o.Layer > 0 && s.layer != o.Layer:
		return nil, false, fmt.Errorf("%w %s: one node hands over to %s from layer %d on, and another one from layer %d on: name it in --next at one place of the chain",
			pipeline.ErrInvalidRun, s.id, o.Address, s.layer, o.Layer)
	case len(s.above) >= maxNeighbours && s.above[o.From] == nil:
		return nil, false, fmt.Errorf("%w: run %s has been opened here by %d neighbours, and no more are allowed: close it", pipeline.ErrBusy, s.id, maxNeighbours)
	}
	s.above[o.From] = &neighbour{seen: now, open: true}
	return s, first, nil
}

// settle ends the opening of a session.
func (n *node) settle(s *session, p part, answer transport.Opened, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	defer n.sessions.Done()
	answer.Address = n.id.Address
	s.part, s.answer, s.openErr = p, answer, err
	close(s.opened)
	if err != nil {
		n.run = nil
		n.some.Warn().Err(err).Str("run", s.id).Msg("run refused")
		return
	}
	for _, a := range s.above { // loading may have taken longer than --idle
		a.seen = time.Now()
	}
	n.total.Runs++
	n.log.Info().Str("run", s.id).Str("strategy", answer.Run.Strategy).Msg("run opened")
	n.sessions.Go(func() { n.watch(s) })
	if n.stopping {
		n.interrupt(s)
	}
}

// Push takes frames into the run, and counts as a sign of life of its sender.
func (n *node) Push(_ context.Context, push transport.Pushing) (transport.Pushed, error) {
	p, known, err := n.entrance(push.Run, push.From)
	if err != nil {
		return transport.Pushed{}, err
	}
	if known { // what others say of themselves is not shown
		p.Receive(push.Status)
	}
	if len(push.Frames) > 0 {
		answers, err := p.Offer(push.Frames, push.Kept)
		return transport.Pushed{Feedback: answers}, err
	}
	if !known { // another neighbour has opened the run again since this node was started again: this one may too
		return transport.Pushed{}, n.unknown(push.Run)
	}
	return transport.Pushed{Live: p.Summary()}, nil
}

// entrance finds the part that takes frames of a run, and whether the sender has opened it.
func (n *node) entrance(run, from string) (p part, known bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.run
	if n.stopping || s != nil && s.id == run && s.closing {
		return nil, false, fmt.Errorf("run %s is %w on %s", run, pipeline.ErrStopping, n.role)
	}
	if s == nil || s.id != run || s.part == nil {
		return nil, false, n.unknown(run)
	}
	a := s.above[from]
	if a != nil && !a.left { // it may have been silent for so long that it was taken for gone
		a.seen, a.open = time.Now(), true
	}
	return s.part, a != nil, nil
}

func (n *node) unknown(run string) error {
	return fmt.Errorf("%w %q: it is not open on this %s node: open it, or start a new one if the node was restarted",
		pipeline.ErrUnknownRun, run, string(n.role))
}

// Close takes one edge away. The answer comes when the run is closed, so all neighbours get the same report.
func (n *node) Close(ctx context.Context, c transport.Closing) (pipeline.Report, error) {
	s, err := n.leave(c)
	if err != nil {
		return pipeline.Report{}, err
	}
	if c.Detach {
		return pipeline.Report{}, nil
	}
	select {
	case <-s.closed:
		return s.report, s.closeErr
	case <-ctx.Done():
		return pipeline.Report{}, ctx.Err()
	}
}

// leave takes a neighbour's edge away from its session, which ends with the last one.
func (n *node) leave(c transport.Closing) (*session, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.run
	if last := n.last; last != nil && last.id == c.Run && (s == nil || s.id != c.Run) {
		return last, nil
	}
	if s == nil || s.id != c.Run || s.part == nil {
		return nil, n.unknown(c.Run)
	}
	if s.closing {
		return s, nil
	}
	a := s.above[c.From]
	if a == nil {
		return nil, fmt.Errorf("%w: %q has not opened run %s on this node", pipeline.ErrUnknownRun, c.From, c.Run)
	}
	a.open, a.left = false, true // it may be told twice, where an answer was lost
	s.gather(c)
	if !s.held() {
		n.finish(s)
	}
	return s, nil
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
	for from, a := range s.above {
		if a.open && now.Sub(a.seen) > n.idle {
			a.open = false
			s.note(fmt.Sprintf("%s was silent for %s and did not close the run", from, n.idle))
			n.log.Warn().Str("run", s.id).Str("neighbour", from).Dur("idle", n.idle).Msg("neighbour is silent: its part of the run is closed")
		}
	}
	if !s.held() {
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
	end := ending{nodes: slices.Clip(s.nodes), notes: slices.Clip(s.notes), detach: n.stopping}
	n.sessions.Go(func() {
		defer debug.FreeOSMemory() // what the run has used may not be needed again for long
		// Every node further down may take its whole time to drain.
		ctx, cancel := context.WithTimeout(context.Background(), 4*n.drain)
		defer cancel()
		report, err := s.part.Close(ctx, end)
		switch {
		case err != nil:
			n.log.Error().Err(err).Str("run", s.id).Msg("run closed without a report")
		case end.detach && n.role != options.End:
			n.log.Info().Str("run", s.id).Msg("left the run")
			err = fmt.Errorf("%s is %w: end has the report of run %s", n.role, pipeline.ErrStopping, s.id)
		default:
			n.log.Info().Str("run", s.id).Float64("coverage", report.Coverage).Int64("delivered", report.Delivered).Msg("run closed")
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		own := s.part.status()
		n.total.Add(own.Entry)
		s.remember(append(s.part.Above(), own), report)
		s.report, s.closeErr, s.part = report, err, nil // the report may be asked for later, the rest is garbage
		n.run, n.last = nil, s
		close(s.closed)
	})
}

// stop refuses new runs, drains the active one, and waits for its end.
func (n *node) stop() {
	n.mu.Lock()
	n.stopping = true
	if s := n.run; s != nil && s.part != nil { // one that is being opened is interrupted when it is settled
		n.interrupt(s)
	}
	n.mu.Unlock()
	n.sessions.Wait()
}

// interrupt closes a session because the node is stopped. Call it with n.mu held.
func (n *node) interrupt(s *session) {
	if !s.closing {
		s.note(called(n.id) + " was stopped during the run")
	}
	n.finish(s)
}
