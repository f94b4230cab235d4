package monitor

import (
	"time"

	"tandem/pipeline"
)

// Snapshot is what a node knows at a moment, and what GET /status answers: what this program is, the run that is open, and
// what it knows of the others.
type Snapshot struct {
	Node    pipeline.NodeID   `json:"node"`
	Version string            `json:"version"`
	Run     *OpenRun          `json:"run"`   // null: none is open
	Nodes   []pipeline.Status `json:"nodes"` // this one and all above that are known, in the order of the pipeline; with no run open, those of the last one
	Live    *pipeline.Live    `json:"live,omitempty"`
}

// OpenRun is a run that goes on.
type OpenRun struct {
	ID         string           `json:"id"`
	Strategy   string           `json:"strategy"`
	Tasks      int              `json:"tasks"`
	Load       pipeline.Loading `json:"load"`
	Frames     uint64           `json:"frames"` // 0: until it is closed
	IntervalMS float64          `json:"interval_ms"`
	Model      string           `json:"model"`
	Cuts       []int            `json:"cuts"`
	Recuts     int              `json:"recuts"` // how often it was cut anew
	OpenS      float64          `json:"open_s"` // since it was opened here
}

// NewOpenRun is what is shown of a run that has been open for so long.
func NewOpenRun(r pipeline.Run, open time.Duration) *OpenRun {
	return &OpenRun{
		ID: r.ID, Strategy: r.Strategy, Tasks: r.Tasks, Load: r.Load, Frames: r.Frames,
		IntervalMS: float64(r.Interval) / float64(time.Millisecond), Model: r.Model, Cuts: r.Cuts, Recuts: r.Epoch,
		OpenS: pipeline.Brief(open.Seconds()),
	}
}
