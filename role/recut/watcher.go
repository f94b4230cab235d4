package recut

import (
	"fmt"
	"slices"
	"time"

	"tandem/pipeline"
	"tandem/role/plan"
	"tandem/strategy/placement"
	"tandem/transport"
)

// What makes another fleet of one, and for how long it has to last before the run is cut anew.
const (
	Slower   = 1.25             // times as slow, or as fast, as the cuts were planned for
	same     = 1.15             // a device that comes so near to that again has only been disturbed
	Patience = 30 * time.Second // with one that has become slower or faster
	leftTime = 5 * time.Second  // that a node is away: it may only be started again
	newTime  = 3 * time.Second  // that one is there, and measures its first frames
	worthit  = 1.05             // times the rate that other cuts have to promise
	calmTime = 10 * time.Minute // within which further recuts than
	calmCuts = 3                // so many need twice the patience each
)

// Watcher decides when a run is cut anew, and where. It is pure: what is known of the nodes comes in, with the time.
//
//	        a node joins, leaves, becomes slower or faster         it lasts
//	settled ──────────────────────────────────────────────▶ watching ─────▶ the best cuts for the fleet as it is
//	   ▲                                                       │               │ promise 5 % more      │ do not
//	   │◀──────────────────── it was only disturbed ───────────┘               ▼                       │
//	   │◀──────────────────────────────────────────────────────────────────  recut                     │
//	   │◀──────────────────────────── the fleet as it is now is what the cuts are for ─────────────────┘
type Watcher struct {
	Run      pipeline.Run // what is played: its strategy, tasks, interval, loading and wire
	survey   transport.Survey
	cuts     []int                       // in force
	fleet    map[pipeline.NodeID]float64 // the nodes that these are for, and how many times as long as expected they took
	since    map[pipeline.NodeID]time.Time
	recuts   []time.Time
	switches time.Duration // what one took, the longest mean of a node; 0: there was none
}

// NewWatcher begins with what was surveyed before the run.
func NewWatcher(s transport.Survey, run pipeline.Run) *Watcher {
	w := &Watcher{Run: run, survey: s, fleet: map[pipeline.NodeID]float64{}, since: map[pipeline.NodeID]time.Time{}}
	for _, site := range s.Sites {
		w.fleet[site.NodeID] = 1
	}
	return w
}

// Begin is the best cuts for the fleet as it was surveyed.
func (w *Watcher) Begin() ([]int, error) {
	p, err := w.best(w.fleet)
	if err != nil {
		return nil, err
	}
	w.cuts = p.Cuts()
	return w.cuts, nil
}

// Cut says that other cuts are in force.
func (w *Watcher) Cut(cuts []int) { w.cuts = cuts }

// Cuts are those in force.
func (w *Watcher) Cuts() []int { return w.cuts }

// Know takes in another survey, made as there are nodes that the one before did not know.
func (w *Watcher) Know(s transport.Survey) {
	if s.Digest != w.survey.Digest {
		return
	}
	for _, old := range w.survey.Sites { // those that are away now may come back
		if !slices.ContainsFunc(s.Sites, func(n transport.Site) bool { return n.NodeID == old.NodeID }) {
			s.Sites = append(s.Sites, old)
		}
	}
	w.survey = s
}

// Unknown reports whether there is a node that was not surveyed, or not measured.
func (w *Watcher) Unknown(l *pipeline.Live) bool {
	return slices.ContainsFunc(l.Paces, func(p pipeline.Pace) bool {
		return !slices.ContainsFunc(w.survey.Sites, func(s transport.Site) bool { return s.NodeID == p.NodeID })
	})
}

// See takes in what is known of the fleet now, and says where the run has to be cut anew, and why; no cuts: nowhere.
func (w *Watcher) See(now time.Time, l *pipeline.Live) (cuts []int, why string) {
	fleet := w.there(l)
	for _, site := range w.survey.Sites {
		text, patience := w.changed(site.NodeID, fleet)
		since, watched := w.since[site.NodeID]
		switch {
		case text == "":
			delete(w.since, site.NodeID)
		case !watched:
			w.since[site.NodeID] = now
		case now.Sub(since) >= patience*w.calm(now):
			return w.plan(now, fleet), text
		}
	}
	return nil, ""
}

// there is the nodes that are there, and how slow they are.
func (w *Watcher) there(l *pipeline.Live) map[pipeline.NodeID]float64 {
	fleet := map[pipeline.NodeID]float64{}
	for _, p := range l.Paces {
		w.switches = max(w.switches, time.Duration(p.SwitchMS*float64(time.Millisecond)))
		i := slices.IndexFunc(w.survey.Sites, func(s transport.Site) bool { return s.NodeID == p.NodeID })
		if i < 0 || slices.Contains(l.Down, p.NodeID) {
			continue
		}
		slowdown, planned := p.Slowdown, w.fleet[p.NodeID]
		switch {
		case slowdown > 0:
		case planned > 0: // it has computed nothing since it was started again
			slowdown = planned
		case w.survey.Sites[i].Measured:
			slowdown = 1
		default: // nothing is known of it yet
			continue
		}
		fleet[p.NodeID] = slowdown
	}
	return fleet
}

// changed says in what a node is another than the cuts are for, and how long that has to last; empty: in nothing.
func (w *Watcher) changed(id pipeline.NodeID, fleet map[pipeline.NodeID]float64) (why string, patience time.Duration) {
	was, known := w.fleet[id]
	is, there := fleet[id]
	_, watched := w.since[id]
	limit := Slower
	if watched {
		limit = same
	}
	switch {
	case !known && !there:
		return "", 0
	case !there:
		return fmt.Sprintf("%v has left", id), leftTime
	case !known:
		return fmt.Sprintf("%v has joined", id), newTime
	case is/was >= limit:
		return fmt.Sprintf("%v takes %.1f times as long as before", id, is/was), Patience
	case was/is >= limit:
		return fmt.Sprintf("%v is %.1f times as fast as before", id, was/is), Patience
	}
	return "", 0
}

// calm is how much more patience is needed, as the run was cut anew so often lately.
func (w *Watcher) calm(now time.Time) time.Duration {
	w.recuts = slices.DeleteFunc(w.recuts, func(at time.Time) bool { return now.Sub(at) > calmTime })
	return 1 << min(6, max(0, len(w.recuts)-calmCuts))
}

// plan finds the best cuts for a fleet; none where those in force are about as good, or it has none. In any case they are for
// this fleet from now on.
func (w *Watcher) plan(now time.Time, fleet map[pipeline.NodeID]float64) []int {
	clear(w.since)
	w.fleet = fleet
	best, err := w.best(fleet)
	if err != nil || slices.Equal(best.Cuts(), w.cuts) {
		return nil
	}
	present := placement.Plan{}
	r := w.rehearsal(fleet)
	for i, s := range r.stages {
		present.Stages = append(present.Stages, placement.Stage{From: append([]int{0}, w.cuts...)[i], Devices: s})
	}
	if best.Rate < worthit*r.rate(present) {
		return nil
	}
	w.recuts = append(w.recuts, now)
	return best.Cuts()
}

// best is the best plan for a fleet whose order is given.
func (w *Watcher) best(fleet map[pipeline.NodeID]float64) (placement.Plan, error) {
	r := w.rehearsal(fleet)
	if w.cuts != nil && len(r.stages) != len(w.cuts)+1 {
		return placement.Plan{}, placement.ErrNoPlan
	}
	return r.best()
}

// rehearsal is the run on a fleet as the planner sees it.
func (w *Watcher) rehearsal(fleet map[pipeline.NodeID]float64) rehearsal {
	r := rehearsal{run: w.Run, sizes: w.survey.Sizes, switches: w.switches}
	for _, site := range w.survey.Sites {
		if _, there := fleet[site.NodeID]; there {
			r.queues = append(r.queues, max(1, site.Queue))
		}
	}
	r.network, r.devices, r.stages = plan.Places(w.survey, w.Run.Wire, func(id pipeline.NodeID) (float64, bool) {
		slowdown, there := fleet[id]
		return slowdown, there
	})
	return r
}
