package role

import (
	"slices"
	"time"

	"tandem/pipeline"
	"tandem/role/monitor"
)

// snapshot is what this node knows now.
func (n *node) snapshot() monitor.Snapshot {
	n.mu.Lock()
	id, s, last := n.id, n.run, n.last
	var p part
	var run pipeline.Run
	if s != nil {
		p, run = s.part, s.now
	}
	n.mu.Unlock()
	shown := monitor.Snapshot{Node: id, Version: n.version}
	switch {
	case p != nil: // its answer stands, as the part does
		shown.Run, shown.Nodes, shown.Live = monitor.NewOpenRun(run, time.Since(s.since)), p.Statuses(), p.Summary()
	case last != nil: // none is open, or it is still being opened
		shown.Nodes = last.remembered()
	default:
		shown.Nodes = []pipeline.Status{{Entry: pipeline.Entry{NodeID: id}, Capacity: n.queue, Version: n.version}}
	}
	return shown
}

// totals adds the run that is open to those that were.
func (n *node) totals() monitor.Totals {
	n.mu.Lock()
	defer n.mu.Unlock()
	t := n.total
	if s := n.run; s != nil && s.part != nil {
		t.Open, t.Now, t.Below = true, s.part.status(), s.part.below()
		t.Add(t.Now.Entry)
	}
	return t
}

// remember keeps what the nodes were doing when the session ended, with their final figures where the report has them.
func (s *session) remember(nodes []pipeline.Status, r pipeline.Report) {
	for i := range nodes {
		n := &nodes[i]
		for _, e := range r.Nodes {
			if e.NodeID == n.NodeID {
				n.Entry = e
			}
		}
		n.Queue, n.RateIn, n.RateOut = 0, 0, 0
	}
	s.last, s.ended = nodes, time.Now()
}

// remembered is what the nodes were doing when the session ended. It grows old, but for this node's own, which is the last.
func (s *session) remembered() []pipeline.Status {
	nodes := slices.Clone(s.last)
	for i := range nodes[:len(nodes)-1] {
		nodes[i].StalenessS = pipeline.Brief(nodes[i].StalenessS + time.Since(s.ended).Seconds())
	}
	return nodes
}
