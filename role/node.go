package role

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/role/agree"
	"tandem/role/answer"
	"tandem/role/device"
	"tandem/role/edge"
	"tandem/role/monitor"
	"tandem/role/options"
	"tandem/role/plan"
	"tandem/role/supply"
	"tandem/transport"
)

// part is what a node does in one run.
type part interface {
	// Offer takes frames and answers each; an error means that none was taken.
	Offer(frames []pipeline.Frame, kept bool) ([]pipeline.Feedback, error)
	// Close drains, closes the run on the nodes below, and returns the report.
	Close(context.Context, edge.Ending) (pipeline.Report, error)

	// Recut takes in that the run is cut anew, and says how far this node and those below it are with that.
	Recut(pipeline.Recut) pipeline.Recutting

	status() pipeline.Status         // of this node
	Statuses() []pipeline.Status     // of this node and of all above that are known
	Above() []pipeline.Status        // of those above
	Receive([]pipeline.Status)       // from a neighbour above
	Tell([]pipeline.Loss)            // what has ended there, or further up
	Summary() *pipeline.Live         // end's; nil: not known
	below() map[pipeline.NodeID]bool // the nodes below, and whether they answer
}

// beginning is what a part begins with.
type beginning struct {
	transport.Opening
	before part // this node's part in the run, which was interrupted: this process knows what was; nil: there is none
}

// again reports whether the run has begun before, on another process that this one stands for.
func (b beginning) again() bool { return b.Again && b.before == nil }

// node is the life of fast, slow and end: it serves one run after another and holds at most one at a time.
//
//	            Open                    last edge closed or silent, or node stopped
//	(no run) ─────────▶ opening ──▶ open ────────────────────────────────────────▶ closing ──▶ (no run)
//	    ▲                  │        │ ▲ ▲                                                         │
//	    │                  │ error  │ │ └─ Open by another neighbour, Push, Close of one edge     │
//	    ├──────────────────┘        ▼ │ Open                                                      │
//	    │                          vacant: those above were stopped; closing after --idle         │
//	    └─────────────────────────────────────────────────────────────────────────────────────────┘
//
// A run that the client has closed is over. On an end node that was started again it is vacant for half of --idle while nodes that
// the ledgers name are yet to find that node. One that ended because all above fell silent was interrupted, and is taken up again
// when they are back.
type node struct {
	*supply.Shelf    // the networks of fast and slow; nil on end
	*plan.Calibrator // of these

	role    options.Role
	name    string // of this process on its edges
	version string
	queue   int // places, where there is one
	log     zerolog.Logger
	some    zerolog.Logger // for what others can make happen very often
	idle    time.Duration
	drain   time.Duration
	built   chan struct{} // closed when begin stands
	// begin makes this role's part in a run, which may outlast the context.
	begin   func(context.Context, beginning) (part, transport.Opened, error)
	answers *answer.Fan // end's; nil on the others

	mu       sync.Mutex
	id       pipeline.NodeID // as the neighbour above dials it, once one has
	run      *session        // nil: no run
	last     *session        // the run closed last, for neighbours that ask late
	total    monitor.Totals  // of the runs that are closed
	release  *time.Timer     // gives memory back to the system
	stopping bool
	sessions sync.WaitGroup // watching and closing of runs
}

var _ transport.Node = (*node)(nil)

// Describe says what this node is.
func (n *node) Describe(context.Context) (d transport.Description, err error) {
	n.mu.Lock()
	stopping := n.stopping
	n.mu.Unlock()
	if stopping {
		return d, fmt.Errorf("this node is %w: start it again", pipeline.ErrStopping)
	}
	select {
	case <-n.built:
		if net := n.Now(); net != nil {
			d = transport.Description{Model: net.Name(), Digest: net.Digest(), Layers: net.Len(), Inputs: agree.Tensors(net, 0)}
		}
	default:
	}
	d.Role, d.Name, d.Version = string(n.role), n.name, n.version
	d.Device, d.Load = device.Machine(), device.Load()
	return d, nil
}

// called is what the neighbours of an open run call this node; without one it has no address.
func (n *node) called() pipeline.NodeID {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.run == nil {
		return pipeline.NodeID{Role: string(n.role)}
	}
	return n.id
}

// inRun is the run that is open here; empty: none.
func (n *node) inRun() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.run == nil {
		return ""
	}
	return n.run.id
}

// Open begins a run, or adds an edge to it where another neighbour has opened it already. It waits for a node that is
// only starting, and for a run that is being closed.
func (n *node) Open(ctx context.Context, o transport.Opening) (transport.Opened, error) {
	if slices.Contains(o.Path, n.name) {
		return transport.Opened{}, fmt.Errorf("%w %s: its way leads in a circle, %s → %s: correct --next on one of them",
			pipeline.ErrInvalidRun, o.Run.ID, strings.Join(o.Path, " → "), n.name)
	}
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
		b := beginning{Opening: o}
		if s.before != nil {
			b.before = s.before.part
		}
		p, answer, err := n.begin(ctx, b)
		n.settle(s, p, answer, err)
	}
	select {
	case <-s.opened:
		return n.opened(s), s.openErr
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
	before := n.last
	if before != nil && before.id != o.Run.ID {
		before = nil
	}
	switch {
	case s == nil && before != nil && (before.over || !o.Again):
		return nil, false, fmt.Errorf("%w %s: a run of that id has been closed here: choose another", pipeline.ErrClosedRun, o.Run.ID)
	case n.stopping:
		return nil, false, fmt.Errorf("this node is %w: start it again", pipeline.ErrStopping)
	case s == nil:
		s, first = newSession(o, now, before), true
		n.run, n.id.Address = s, o.Address
		n.release.Stop()
		n.sessions.Add(1) // the opening, until it is settled
	case s.id != o.Run.ID:
		last := slices.MaxFunc(slices.Collect(maps.Values(s.above)), func(a, b *neighbour) int { return a.seen.Compare(b.seen) })
		return nil, false, fmt.Errorf("%w: run %s is active on %s since %s: close it, or wait until its client has been silent for %s, which it has been for %s now",
			pipeline.ErrBusy, s.id, n.role, now.Sub(s.since).Round(time.Second), n.idle, now.Sub(last.seen).Round(100*time.Millisecond))
	case s.closing:
		return nil, false, fmt.Errorf("run %s is %w: open a new one", s.id, pipeline.ErrStopping)
	case s.layer > 0 && o.Layer > 0 && s.layer != o.Layer && o.Run.Epoch == 0:
		return nil, false, fmt.Errorf("%w %s: one node hands over to %s from layer %d on, and another one from layer %d on: name it in --next at one place of the chain",
			pipeline.ErrInvalidRun, s.id, o.Address, s.layer, o.Layer)
	case len(s.above) >= maxNeighbours && s.above[o.From] == nil:
		return nil, false, fmt.Errorf("%w: run %s has been opened here by %d neighbours, and no more are allowed: close it", pipeline.ErrBusy, s.id, maxNeighbours)
	}
	s.join(o, now)
	return s, first, nil
}

// settle ends the opening of a session.
func (n *node) settle(s *session, p part, answer transport.Opened, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	defer n.sessions.Done()
	answer.Address = n.id.Address
	s.part, s.answer, s.openErr, s.now = p, answer, err, answer.Run
	close(s.opened)
	if err != nil {
		n.run = nil
		n.some.Warn().Err(err).Str("run", s.id).Msg("run refused")
		return
	}
	for _, a := range s.above { // loading may have taken longer than --idle
		a.seen = time.Now()
	}
	if before := s.before; before != nil && before.answer.Life == answer.Life { // it goes on, and is counted once
		n.total = before.total
	} else {
		n.total.Runs++
	}
	s.before = nil
	n.log.Info().Str("run", s.id).Str("strategy", answer.Run.Strategy).Msg("run opened")
	n.sessions.Go(func() { n.watch(s) })
	if n.stopping {
		n.interrupt(s)
	}
}

// Push takes frames into the run, and counts as a sign of life of its sender.
func (n *node) Push(ctx context.Context, push transport.Pushing) (transport.Pushed, error) {
	if s := n.leaving(push.Run); s != nil && len(push.Frames) == 0 {
		pushed, err := s.wait(ctx)
		if err == nil {
			n.acknowledged(s, push.From)
		}
		return pushed, err
	}
	p, life, err := n.entrance(push.Run, push.From)
	if err != nil {
		return transport.Pushed{}, err
	}
	p.Receive(push.Status)
	p.Tell(push.Losses)
	pushed := transport.Pushed{Life: life}
	if push.Recut.Epoch > 0 { // before the frames, which may be cut by it
		pushed.Recut = p.Recut(push.Recut)
		n.recut(push.Run, push.Recut)
	}
	if len(push.Frames) > 0 {
		pushed.Feedback, err = p.Offer(push.Frames, push.Kept)
	} else {
		pushed.Live = p.Summary()
	}
	return pushed, err
}

// recut takes note of where a run is cut from now on.
func (n *node) recut(run string, r pipeline.Recut) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s := n.run; s != nil && s.id == run && r.Go && r.Epoch > s.now.Epoch {
		s.now = s.now.Recut(r)
	}
}

// opened is the answer to an opening, with the cuts as they are now.
func (n *node) opened(s *session) transport.Opened {
	n.mu.Lock()
	defer n.mu.Unlock()
	answer := s.answer
	answer.Run = s.now
	return answer
}

// leaving finds the session of a run that this node leaves, as it is being stopped.
func (n *node) leaving(run string) *session {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range []*session{n.run, n.last} {
		if n.stopping && s != nil && s.id == run && s.closing {
			return s
		}
	}
	return nil
}

// entrance finds the part, and its life, that takes frames of a sender, which has to have opened the run: where this node was
// started again each neighbour opens it again.
func (n *node) entrance(run, from string) (p part, life string, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.run
	if n.stopping || s != nil && s.id == run && s.closing {
		return nil, "", fmt.Errorf("run %s is %w on %s", run, pipeline.ErrStopping, n.role)
	}
	if s == nil || s.id != run || s.part == nil || s.above[from] == nil {
		return nil, "", n.unknown(run)
	}
	if a := s.above[from]; !a.left { // it may have been silent for so long that it was taken for gone
		a.seen, a.open = time.Now(), true
	}
	return s.part, s.answer.Life, nil
}

func (n *node) unknown(run string) error {
	return fmt.Errorf("%w %q: it is not open on this %s node: open it, or start a new one if the node was restarted",
		pipeline.ErrUnknownRun, run, string(n.role))
}
