package role

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tandem/pipeline"
	"tandem/role/edge"
	"tandem/role/monitor"
	"tandem/role/options"
	"tandem/transport"
)

// What a run may gather on a node, whoever sends it. A neighbour that is started again counts anew.
const (
	maxNeighbours  = 1024
	maxLedgerBytes = 512 << 10 // of all ledgers as JSON, without ids of frames: a report may have twice as many
	maxNotes       = 32
	maxLives       = 16 // of a process, whose run is interrupted again and again
)

// session is one run on one node. Its fields are guarded by node.mu; those that a channel's closing announces may be
// read without it afterwards.
type session struct {
	id     string
	layer  int // from which on this node takes frames, as the first to open the run has it
	since  time.Time
	before *session // of the same run, which was interrupted; nil: there is none
	again  bool     // the run has begun before, on another process that this one stands for

	opened  chan struct{} // closed when part, answer and openErr stand
	part    part
	answer  transport.Opened
	openErr error
	now     pipeline.Run // as it is cut now

	above   map[string]*neighbour // those that have ever opened the run
	nodes   []pipeline.Entry      // ledgers of the nodes above, one for each life
	bytes   int                   // of these as JSON
	notes   []string
	over    bool      // the client has closed the run
	vacant  time.Time // since when all neighbours are gone, of which some may be back soon: they were stopped, or are awaited; zero: they are not
	closing bool
	parting map[string]bool // neighbours that are to be told the last word of this life, which was stopped
	parted  chan struct{}   // closed when all have
	// interrupted: it was closed as all above were silent. Read it after closed, or with node.mu held.
	interrupted bool

	closed   chan struct{} // closed when what follows stands
	report   pipeline.Report
	closeErr error
	left     bool              // nothing of the run is on this node any more
	told     []pipeline.Entry  // what a node that was stopped has told the nodes below, which may be stopped, too
	last     []pipeline.Status // what the nodes were doing
	ended    time.Time
	total    monitor.Totals // of the runs before
}

// neighbour is one above, and its edge.
type neighbour struct {
	called string // in notes
	id     pipeline.NodeID
	seen   time.Time // its last sign of life
	open   bool      // it holds the run open
	left   bool      // it has closed the run: what it sent before may still come in
}

// newSession makes one for an opening. Where the run was interrupted before, it goes on with what that session has gathered.
func newSession(o transport.Opening, now time.Time, before *session) *session {
	s := &session{
		id: o.Run.ID, layer: o.Layer, since: now, before: before, again: o.Again && before == nil,
		above: make(map[string]*neighbour), opened: make(chan struct{}), closed: make(chan struct{}),
	}
	if before != nil {
		s.nodes, s.bytes, s.notes = slices.Clip(before.nodes), before.bytes, slices.Clip(before.notes)
	}
	return s
}

// join adds the edge of a neighbour. A process that reports call the same as it has gone: this one stands for it.
func (s *session) join(o transport.Opening, now time.Time) {
	named := o.Caller.Role != string(options.Client) && o.Caller.Address != ""
	for _, a := range s.above {
		if named && a.id == o.Caller {
			a.open, a.left = false, true
		}
	}
	n := &neighbour{called: edge.Called(o.Caller), id: o.Caller, seen: now, open: true}
	if o.Caller.Role == "" {
		n.called = o.From
	}
	s.above[o.From] = n
	s.vacant = time.Time{}
}

// wait answers a sign of life to a node that leaves the run: with the last word of this life, where it comes in time.
func (s *session) wait(ctx context.Context) (transport.Pushed, error) {
	select {
	case <-s.closed:
		return transport.Pushed{Life: s.answer.Life, Left: s.left, Nodes: s.told}, nil
	case <-ctx.Done():
		return transport.Pushed{}, fmt.Errorf("run %s is %w here", s.id, pipeline.ErrStopping)
	}
}

// awaited reports whether nodes may still come that the ledgers name: they had opened the run on the process that this one stands
// for, and learn of it by their next sign of life.
func (s *session) awaited() bool { return s.again && len(pipeline.Missing(s.nodes)) > 0 }

// held reports whether a neighbour holds the run open.
func (s *session) held() bool {
	for _, a := range s.above {
		if a.open {
			return true
		}
	}
	return false
}

// gather remembers what a neighbour that leaves brings: the ledgers of the nodes above, one for each life, and their notes.
func (s *session) gather(c transport.Closing) {
	for _, e := range c.Nodes {
		if edge.HasLife(s.nodes, e) {
			continue
		}
		text, err := json.Marshal(e)
		if err != nil || len(s.nodes) == edge.MaxLedgers || s.bytes+len(text) > maxLedgerBytes {
			s.note("some nodes are left out, as their ledgers are too many or too long")
			continue
		}
		s.nodes, s.bytes = append(s.nodes, e), s.bytes+len(text)
	}
	s.nodes = pipeline.BoundIDs(s.nodes, pipeline.MaxRanges)
	for _, note := range c.Notes {
		s.note(note)
	}
}

// note remembers what was out of the ordinary, once: a node below is told the same by several above.
func (s *session) note(text string) {
	if text != "" && len(s.notes) < maxNotes && !slices.Contains(s.notes, text) {
		s.notes = append(s.notes, text)
	}
}
