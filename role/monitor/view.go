package monitor

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"tandem/pipeline"
)

// View is what one program knows of a run while it lasts: its own figures, those of the programs above, and end's
// summary.
//
//	client ──status──▶ fast ──status──▶ slow ──status──▶ end     with the signs of life
//	       ◀───live─────    ◀───live─────    ◀───live─────        with the answers to them
//
// Each program sends on what it was told, so end knows of all without being told addresses. What a program that has
// fallen silent was doing stays, and grows old.
type View struct {
	ID pipeline.NodeID // of this program

	mu     sync.Mutex
	own    func() pipeline.Status   // nil: it has not yet begun
	others map[pipeline.NodeID]told // of others, at most maxOthers
	live   pipeline.Live
	at     time.Time // of live; zero: there is none yet
}

// told is a status and the moment for which it holds.
type told struct {
	status pipeline.Status
	at     time.Time
}

// maxOthers is how many programs are remembered in a run; further ones are not shown.
const maxOthers = 128

// NewView makes the view of a program that has not yet begun.
func NewView(id pipeline.NodeID) *View {
	return &View{ID: id, others: make(map[pipeline.NodeID]told)}
}

// Begin says where this program's own figures come from.
func (v *View) Begin(own func() pipeline.Status) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.own = own
}

// Receive takes in what a neighbour above says. The same node is told of on several ways, and the newest counts.
func (v *View) Receive(statuses []pipeline.Status) {
	now := time.Now()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, s := range statuses {
		at := now.Add(-time.Duration(s.StalenessS * float64(time.Second)))
		known, is := v.others[s.NodeID]
		switch {
		case s.NodeID == v.ID || s.Rank() < 0:
		case is && !at.After(known.at):
		case !is && len(v.others) >= maxOthers:
		default:
			v.others[s.NodeID] = told{s, at}
		}
	}
}

// Statuses are those of this program and of all above that are known, in the order of the pipeline.
func (v *View) Statuses() []pipeline.Status {
	all := v.Above()
	v.mu.Lock()
	own := v.own
	v.mu.Unlock()
	if own != nil {
		all = append(all, own())
		inOrder(all)
	}
	return all
}

// Above are the statuses of the programs above that are known.
func (v *View) Above() []pipeline.Status {
	v.mu.Lock()
	defer v.mu.Unlock()
	var all []pipeline.Status
	now := time.Now()
	for _, t := range v.others {
		t.status.StalenessS = pipeline.Brief(now.Sub(t.at).Seconds())
		all = append(all, t.status)
	}
	inOrder(all)
	return all
}

// inOrder sorts statuses as frames pass their nodes.
func inOrder(all []pipeline.Status) {
	slices.SortFunc(all, func(a, b pipeline.Status) int {
		return cmp.Or(a.Rank()-b.Rank(), a.Layers[0]-b.Layers[0], cmp.Compare(a.Address, b.Address))
	})
}

// Learn takes in the summary that a neighbour below has answered with.
func (v *View) Learn(l *pipeline.Live) {
	if l == nil {
		return
	}
	at := time.Now().Add(-time.Duration(l.StalenessS * float64(time.Second)))
	v.mu.Lock()
	defer v.mu.Unlock()
	if at.After(v.at) {
		v.live, v.at = *l, at
	}
}

// Summary is end's newest; nil: none has come up yet.
func (v *View) Summary() *pipeline.Live {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.at.IsZero() {
		return nil
	}
	l := v.live
	l.StalenessS = pipeline.Brief(time.Since(v.at).Seconds())
	return &l
}
