package role

import (
	"encoding/json"
	"slices"
	"time"

	"tandem/pipeline"
	"tandem/transport"
)

// What a run may gather on a node, whoever sends it. A neighbour that is started again counts anew.
const (
	maxNeighbours  = 1024
	maxLedgers     = 256
	maxLedgerBytes = 512 << 10 // of all ledgers as JSON, without the unacknowledged frames: a report may have twice as many
	maxNotes       = 32
)

// session is one run on one node. Its fields are guarded by node.mu; those that a channel's closing announces may be
// read without it afterwards.
type session struct {
	id    string
	layer int // from which on this node takes frames, as the first to open the run has it
	since time.Time

	opened  chan struct{} // closed when part, answer and openErr stand
	part    part
	answer  transport.Opened
	openErr error

	above   map[string]*neighbour // those that have ever opened the run
	nodes   []pipeline.Entry      // ledgers of the nodes above
	bytes   int                   // of these as JSON
	notes   []string
	closing bool

	closed   chan struct{} // closed when what follows stands
	report   pipeline.Report
	closeErr error
	last     []pipeline.Status // what the nodes were doing
	ended    time.Time
}

// neighbour is one above, and its edge.
type neighbour struct {
	seen time.Time // its last sign of life
	open bool      // it holds the run open
	left bool      // it has closed the run: what it sent before may still come in
}

func newSession(o transport.Opening, now time.Time) *session {
	return &session{
		id: o.Run.ID, layer: o.Layer, since: now, above: make(map[string]*neighbour), opened: make(chan struct{}), closed: make(chan struct{}),
	}
}

// held reports whether a neighbour holds the run open.
func (s *session) held() bool {
	for _, a := range s.above {
		if a.open {
			return true
		}
	}
	return false
}

// gather remembers what a neighbour that leaves brings: the ledgers of the nodes above, each once, and their notes.
func (s *session) gather(c transport.Closing) {
	for _, e := range c.Nodes {
		if slices.ContainsFunc(s.nodes, func(known pipeline.Entry) bool { return known.NodeID == e.NodeID }) {
			continue
		}
		text, err := json.Marshal(e)
		if err != nil || len(s.nodes) == maxLedgers || s.bytes+len(text) > maxLedgerBytes {
			s.note("some nodes are left out, as their ledgers are too many or too long")
			continue
		}
		s.nodes, s.bytes = append(s.nodes, e), s.bytes+len(text)
	}
	s.nodes = pipeline.BoundUnacknowledged(s.nodes, pipeline.MaxUnacknowledgedRanges)
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
