package pipeline

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Report is what is known of a run when it is closed. The JSON names are those of the tables, the CSV and the README.
type Report struct {
	Run        string  `json:"run"`
	Strategy   string  `json:"strategy"`
	Tasks      int     `json:"tasks"` // 0: the strategy has no such parameter
	Frames     int64   `json:"frames"`
	IntervalMS float64 `json:"interval_ms"`
	Delivered  int64   `json:"delivered"`  // distinct frames that reached end
	Coverage   float64 `json:"coverage"`   // percent of the frames
	Rate       float64 `json:"rate"`       // (delivered - 1) / (last arrival - first arrival), frames per second
	Duplicates int64   `json:"duplicates"` // arrivals beyond the first of a frame
	// Forgotten is the number of results that end had taken before it was started again: they were delivered, and are in no
	// other figure.
	Forgotten int64 `json:"forgotten"`
	// Died is the number of frames of which only nodes that were started again, or don't answer any more, could say what
	// became of them.
	Died int64 `json:"died"`
	// DoubleCounted is how often a frame is counted as refused, dropped, expired or lost although it has arrived, or is
	// counted so by another node too: its sender had no answer and gave it up, or sent it another way.
	DoubleCounted int64 `json:"double_counted"`
	// Unaccounted is frames + double_counted - delivered - forgotten - died - refused, dropped, expired and lost anywhere: 0.
	Unaccounted int64 `json:"unaccounted"`
	// Skipped is the number of pictures that became no frames, as in the client's ledger.
	Skipped int64 `json:"skipped"`
	// Accuracy is the percentage of the delivered frames with a label whose largest output is that class.
	Accuracy *float64 `json:"accuracy,omitempty"`
	// JoulesPerFrame is the energy of all nodes that know theirs, for each delivered frame, the forgotten ones too.
	JoulesPerFrame *float64 `json:"joules_per_frame,omitempty"`
	// BestCoverage and BestRate are what was possible at best with these devices, by the fluid limit; nil: not known.
	BestCoverage *float64 `json:"best_coverage,omitempty"`
	BestRate     *float64 `json:"best_rate,omitempty"`
	Latency      Latency  `json:"latency_ms"` // age on arrival at end
	ElapsedS     float64  `json:"elapsed_s"`  // from opening to closing
	Model        string   `json:"model"`
	Load         string   `json:"load"`           // how a switch is made; empty: the strategy makes none
	Cut          int      `json:"cut"`            // the first layer of the first slow node
	Cuts         []int    `json:"cuts,omitempty"` // those of all, where there is more than one
	// Recuts are the times at which the run was cut anew, where it was. Cut and Cuts are those of the last one.
	Recuts    []Recutted `json:"recuts,omitempty"`
	Emulate   string     `json:"emulate"`
	Link      string     `json:"link"` // the emulated links of the nodes, or "real"
	Wire      string     `json:"wire"` // how values travelled between the nodes
	Version   string     `json:"version"`
	Simulated bool       `json:"simulated"`       // in virtual time; otherwise it was played
	Notes     []string   `json:"notes,omitempty"` // what was out of the ordinary
	Nodes     []Entry    `json:"nodes"`
	// Missing are the nodes that frames were to be handed over to, and that have not told what they did.
	Missing []NodeID `json:"missing,omitempty"`
	// LastSeen says where the frames that have not arrived were last seen.
	LastSeen []LastSeen `json:"last_seen,omitempty"`
}

// RealLink is what a report says where no node emulates one.
const RealLink = "real"

// Latency summarises the ages of the delivered frames, in milliseconds.
type Latency struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// account fills in what follows from the nodes' ledgers, which are in the order of the pipeline: how many frames there
// were, whether each has a known end, what it took in joules, and what was emulated: devices, and links.
func (r *Report) account(run Run, arrived *window) {
	t := follow(r.Nodes, arrived)
	r.DoubleCounted = doubleCounted(r.Nodes, arrived)
	told := r.Nodes
	r.Nodes, r.Missing = addLives(told), Missing(told)
	r.Frames = int64(run.Frames)
	if r.Frames == 0 { // where a client that died has left nothing better
		r.Frames = t.known()
	}
	var all Outcomes
	var devices, links []string
	var joules float64
	known := false
	for _, e := range r.Nodes {
		if e.Role == "client" {
			r.Skipped = e.Skipped
			r.Frames = e.Sent() // what it really sent, where it was stopped early
		}
		if e.Emulate != "" && !slices.Contains(devices, e.Emulate) {
			devices = append(devices, e.Emulate)
		}
		if e.Link != "" && !slices.Contains(links, e.Link) {
			links = append(links, e.Link)
		}
		all.Add(e.Outcomes)
		joules += e.EnergyJ
		known = known || e.EnergyBy != ""
	}
	r.Frames = max(r.Frames, r.Delivered) // where nobody above end has said how many there were
	r.Emulate = strings.Join(devices, " and ")
	r.Link = cmp.Or(strings.Join(links, " and "), RealLink)
	r.Unaccounted = r.Frames + r.DoubleCounted - r.Delivered - all.Gone()
	r.explain(&t)
	r.LastSeen = t.lastSeen(told, r.Frames)
	for i := range r.Nodes {
		r.Nodes[i].GoneIDs, r.Nodes[i].Handed = nil, nil // they have served
	}
	if arrived := r.Delivered + r.Forgotten; known && arrived > 0 {
		each := joules / float64(arrived)
		r.JoulesPerFrame = &each
	}
	if r.Frames > 0 {
		r.Coverage = 100 * float64(r.Delivered) / float64(r.Frames)
	}
	r.optimum()
}

// rate is in frames per second; 0 where fewer than two frames tell nothing.
func rate(delivered int64, first, last time.Time) float64 {
	if span := last.Sub(first).Seconds(); delivered > 1 && span > 0 {
		return float64(delivered-1) / span
	}
	return 0
}
