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
	Slower   = 1.25                 // times as slow, or as fast, as the cuts were planned for
	same     = 1.15                 // a device or a link that comes so near to that again has only been disturbed
	jitter   = 3 * time.Millisecond // by less a frame's time on a link tells nothing: an idle one may carry the first 2 ms at once
	Patience = 30 * time.Second     // with one that has become slower or faster
	leftTime = 5 * time.Second      // that a node is away: it may only be started again
	newTime  = 3 * time.Second      // that one is there, and measures its first frames
	worthit  = 1.05                 // times the rate that other cuts have to promise
	calmTime = 10 * time.Minute     // within which further recuts than
	calmCuts = 3                    // so many need twice the patience each
)

// Watcher decides when a run is cut anew, and where. It is pure: what is known of the nodes comes in, with the time.
//
//	   a node joins, leaves, it or its link becomes slower or faster   it lasts
//	settled ──────────────────────────────────────────────▶ watching ─────▶ the best cuts for the fleet as it is
//	   ▲                                                       │               │ promise 5 % more      │ do not
//	   │◀──────────────────── it was only disturbed ───────────┘               ▼                       │
//	   │◀──────────────────────────────────────────────────────────────────  recut                     │
//	   │◀──────────────────────────── the fleet as it is now is what the cuts are for ─────────────────┘
type Watcher struct {
	Run      pipeline.Run // what is played: its strategy, tasks, interval, loading and wire
	survey   transport.Survey
	cuts     []int // in force
	fleet    fleet // that these are for
	since    map[pipeline.NodeID]time.Time
	recuts   []time.Time
	switches time.Duration // what one took, the longest mean of a node; 0: there was none
}

// fleet is the nodes that are there, and how they are.
type fleet map[pipeline.NodeID]condition

// condition is what may change of a node.
type condition struct {
	slowdown float64 // how many times as long as was surveyed its layers take
	carries  float64 // bytes a second, the link from the nodes above it; 0: more than can be told
}

// NewWatcher begins with what was surveyed before the run.
func NewWatcher(s transport.Survey, run pipeline.Run) *Watcher {
	w := &Watcher{Run: run, survey: s, fleet: fleet{}, since: map[pipeline.NodeID]time.Time{}}
	for _, site := range s.Sites {
		w.fleet[site.NodeID] = condition{1, site.There}
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
		text, patience := w.changed(site, fleet)
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

// there is the nodes that are there, and how they are.
func (w *Watcher) there(l *pipeline.Live) fleet {
	all := fleet{}
	for _, p := range l.Paces {
		w.switches = max(w.switches, time.Duration(p.SwitchMS*float64(time.Millisecond)))
		i := slices.IndexFunc(w.survey.Sites, func(s transport.Site) bool { return s.NodeID == p.NodeID })
		if i < 0 || slices.Contains(l.Down, p.NodeID) {
			continue
		}
		site := w.survey.Sites[i]
		now, known := w.fleet[p.NodeID]
		if !known {
			now.carries = site.There
		}
		switch {
		case p.Slowdown > 0:
			now.slowdown = p.Slowdown
		case known: // it has computed nothing since it was started again
		case site.Measured:
			now.slowdown = 1
		default: // nothing is known of it yet
			continue
		}
		if seen := carries(l.Links, p.NodeID); seen > 0 && (w.travels(site, seen)-w.travels(site, now.carries)).Abs() >= jitter {
			now.carries = seen
		}
		all[p.NodeID] = now
	}
	return all
}

// carries is what the link to a node carries at least, by all that hand over to it: one of them may have a slow link of its own.
func carries(links []pipeline.Link, to pipeline.NodeID) (most float64) {
	for _, link := range links {
		if link.NodeID == to {
			most = max(most, link.Rate)
		}
	}
	return most
}

// changed says in what a node is another than the cuts are for, and how long that has to last; empty: in nothing.
func (w *Watcher) changed(site transport.Site, now fleet) (why string, patience time.Duration) {
	id := site.NodeID
	was, known := w.fleet[id]
	is, there := now[id]
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
	case is.slowdown/was.slowdown >= limit:
		return fmt.Sprintf("%v takes %.1f times as long as before", id, is.slowdown/was.slowdown), Patience
	case was.slowdown/is.slowdown >= limit:
		return fmt.Sprintf("%v is %.1f times as fast as before", id, was.slowdown/is.slowdown), Patience
	}
	before, after := w.travels(site, was.carries), w.travels(site, is.carries)
	// Nodes of a stage may share a link, and then each has as little of it as the others take.
	limit *= float64(w.beside(site, now))
	if before != after && float64(max(before, after)) >= limit*float64(min(before, after)) {
		return fmt.Sprintf("a frame takes %.1f ms to %v, and took %.1f ms", after.Seconds()*1000, id, before.Seconds()*1000), Patience
	}
	return "", 0
}

// travels is what a frame takes on the link to a node that carries so much, at the cuts in force.
func (w *Watcher) travels(site transport.Site, carries float64) time.Duration {
	if site.Stage == 0 || site.Stage > len(w.cuts) || carries == 0 {
		return 0
	}
	bytes := plan.Network(w.survey.Sizes, w.survey.Weights, w.Run.Wire).Bytes[w.cuts[site.Stage-1]]
	return time.Duration(float64(bytes) / carries * float64(time.Second))
}

// beside is how many nodes there are in a node's stage.
func (w *Watcher) beside(site transport.Site, now fleet) (nodes int) {
	for _, other := range w.survey.Sites {
		if _, there := now[other.NodeID]; there && other.Stage == site.Stage {
			nodes++
		}
	}
	return nodes
}

// calm is how much more patience is needed, as the run was cut anew so often lately.
func (w *Watcher) calm(now time.Time) time.Duration {
	w.recuts = slices.DeleteFunc(w.recuts, func(at time.Time) bool { return now.Sub(at) > calmTime })
	return 1 << min(6, max(0, len(w.recuts)-calmCuts))
}

// plan finds the best cuts for a fleet; none where those in force are about as good, or it has none. In any case they are for
// this fleet from now on.
func (w *Watcher) plan(now time.Time, f fleet) []int {
	clear(w.since)
	w.fleet = f
	best, err := w.best(f)
	if err != nil || slices.Equal(best.Cuts(), w.cuts) {
		return nil
	}
	present := placement.Plan{}
	r := w.rehearsal(f)
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
func (w *Watcher) best(f fleet) (placement.Plan, error) {
	r := w.rehearsal(f)
	if w.cuts != nil && len(r.stages) != len(w.cuts)+1 {
		return placement.Plan{}, placement.ErrNoPlan
	}
	return r.best()
}

// rehearsal is the run on a fleet as the planner sees it.
func (w *Watcher) rehearsal(f fleet) rehearsal {
	r := rehearsal{run: w.Run, sizes: w.survey.Sizes, switches: w.switches}
	s := w.survey
	s.Sites = slices.Clone(s.Sites)
	for i, site := range s.Sites {
		if now, there := f[site.NodeID]; there {
			r.queues = append(r.queues, max(1, site.Queue))
			s.Sites[i].There = now.carries
		}
	}
	r.network, r.devices, r.stages = plan.Places(s, w.Run.Wire, func(id pipeline.NodeID) (float64, bool) {
		now, there := f[id]
		return now.slowdown, there
	})
	return r
}
