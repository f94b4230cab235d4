package role

import (
	"slices"
	"time"

	"tandem/pipeline"
)

// statusReport is what GET /status answers: what this program is, the run that is open, and what it knows of the others.
type statusReport struct {
	Node    pipeline.NodeID   `json:"node"`
	Version string            `json:"version"`
	Run     *openRun          `json:"run"`   // null: none is open
	Nodes   []pipeline.Status `json:"nodes"` // this one and all above that are known, in the order of the pipeline; with no run open, those of the last one
	Live    *pipeline.Live    `json:"live,omitempty"`
}

// openRun is a run that goes on.
type openRun struct {
	ID         string           `json:"id"`
	Strategy   string           `json:"strategy"`
	Tasks      int              `json:"tasks"`
	Load       pipeline.Loading `json:"load"`
	Frames     uint64           `json:"frames"` // 0: until it is closed
	IntervalMS float64          `json:"interval_ms"`
	Model      string           `json:"model"`
	Cuts       []int            `json:"cuts"`
	OpenS      float64          `json:"open_s"` // since it was opened here
}

// look is what this node knows now.
func (n *node) look() statusReport {
	n.mu.Lock()
	id, s, last := n.id, n.run, n.last
	var p part
	if s != nil {
		p = s.part
	}
	n.mu.Unlock()
	if p == nil { // none is open, or it is still being opened
		r := statusReport{Node: id, Version: n.version, Nodes: []pipeline.Status{{Entry: pipeline.Entry{NodeID: id}, Capacity: n.queue}}}
		if last != nil {
			r.Nodes = last.remembered()
		}
		return r
	}
	r := s.answer.Run // stands, as the part does
	return statusReport{
		Node: id, Version: n.version, Nodes: p.statuses(), Live: p.summary(),
		Run: &openRun{
			ID: r.ID, Strategy: r.Strategy, Tasks: r.Tasks, Load: r.Load, Frames: r.Frames,
			IntervalMS: float64(r.Interval) / float64(time.Millisecond), Model: r.Model, Cuts: r.Cuts,
			OpenS: pipeline.Brief(time.Since(s.since).Seconds()),
		},
	}
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
		nodes[i].HeardS = pipeline.Brief(nodes[i].HeardS + time.Since(s.ended).Seconds())
	}
	return nodes
}
