package recut

import (
	"cmp"
	"strconv"
	"time"

	"tandem/pipeline"
	"tandem/pipeline/simulate"
	"tandem/strategy"
	"tandem/strategy/placement"
	"tandem/transport"
	"tandem/transport/link"
)

// rehearsal is a run on a fleet, and how many frames pass by other cuts.
//
// Where no device finishes frames of others, or whenever it has time for them, the fluid limit says that. Where devices finish them
// only after an overload, so many at a time (takeover, alternate), it depends on all queues at once: a device leaves the next one
// alone while it has a burst, has a full queue to pass on afterwards, and is itself left alone by the one before. Such a run is
// played in virtual time, by the very strategies.
type rehearsal struct {
	run      pipeline.Run
	sizes    []int // values of a frame at each boundary
	network  placement.Network
	devices  []placement.Device
	queues   []int // places of each device
	stages   [][]int
	switches time.Duration // what one takes
}

// A rehearsal lasts so long that each device has several bursts in it, and that the first of them do not count for much.
const (
	rehearsed  = 20 * time.Second
	mostFrames = 3000
	mostPlayed = 60   // plans: on a Raspberry Pi 3 that may take half a minute
	nearly     = 0.98 // of what can be had at most is good enough
)

// best is the plan by which most frames pass.
func (r rehearsal) best() (best placement.Plan, err error) {
	e, err := strategy.Lookup(r.run.Strategy)
	if err != nil {
		return best, err
	}
	if !e.Tasks {
		return placement.Cut(r.network, r.devices, r.stages, placement.Goal{Help: e.Keeps})
	}
	plans, err := placement.Plans(r.network, r.devices, r.stages, placement.Goal{Help: true})
	for i, p := range plans {
		if i == mostPlayed || best.Rate >= nearly*r.offered(p.Rate) {
			break
		}
		if p.Rate = r.rate(p); p.Rate > best.Rate {
			best = p
		}
	}
	return best, err
}

// offered is how many frames a second pass at most where so many can.
func (r rehearsal) offered(can float64) float64 {
	return min(can, float64(time.Second)/float64(max(r.run.Interval, 1)))
}

// rate is how many frames a second pass by a plan.
func (r rehearsal) rate(p placement.Plan) float64 {
	e, err := strategy.Lookup(r.run.Strategy)
	can := placement.Rate(r.network, r.devices, p, e.Tasks || e.Keeps)
	if err != nil || !e.Tasks || can == 0 {
		return can
	}
	run := r.run
	run.ID, run.Cuts = "rehearsal", p.Cuts()
	run.Interval = max(run.Interval, time.Duration(float64(time.Second)/(4*can))) // a client that keeps no beat
	run.Frames = uint64(min(mostFrames, rehearsed/run.Interval))
	plan := simulate.Plan{
		Run: run, Gaps: pipeline.Beat(run.Interval), Value: transport.ValueBytes(cmp.Or(run.Wire, transport.Float32)), Limit: time.Hour,
		Client: simulate.Host{ID: pipeline.NodeID{Role: "client"}}, End: simulate.Host{ID: pipeline.NodeID{Role: "end"}},
	}
	for i := range p.Stages {
		plan.Levels = append(plan.Levels, r.level(p, i))
	}
	played, err := simulate.Play(plan)
	if err != nil { // it lasts without end
		return 0
	}
	return r.offered(min(can, played.Rate)) // a device without the memory for a burst has none
}

// level are the nodes of a stage.
func (r rehearsal) level(p placement.Plan, stage int) (nodes []simulate.Node) {
	layers := len(r.sizes) - 1
	from, to, cut := p.Stages[stage].From, layers, p.Stages[stage].From
	if stage < len(p.Stages)-1 {
		to = p.Stages[stage+1].From
		cut = to
	}
	for i, d := range p.Stages[stage].Devices {
		device, role := r.devices[d], "slow"
		if stage == 0 {
			role = "fast"
		}
		nodes = append(nodes, simulate.Node{
			Host:   simulate.Host{ID: pipeline.NodeID{Role: role, Address: strconv.Itoa(stage) + "." + strconv.Itoa(i)}, Uplink: uplink(r.link(p, stage, device))},
			Device: player{device.Layers, r.switches},
			Stage: pipeline.StageConfig{
				Holding: pipeline.Holding{From: from, To: to, Shapes: func(layer int) [][]int { return [][]int{{r.sizes[layer]}} }},
				Cut:     cut, Layers: layers, KeepTail: to == layers, Queue: r.queues[d], Batch: 1,
			},
		})
	}
	return nodes
}

// link is what a device sends over. Its rate is also that at which the next devices can take what it sends.
func (r rehearsal) link(p placement.Plan, stage int, d placement.Device) link.Shape {
	s := link.Shape{Name: "measured", Delay: d.Link.Delay, Rate: 8 * d.Link.Send}
	if stage == len(p.Stages)-1 {
		return s
	}
	fastest := 0.0
	for _, next := range p.Stages[stage+1].Devices {
		if to := r.devices[next].Link; to.Receive == 0 {
			return s
		} else if fastest = max(fastest, 8*to.Receive); stage == 0 { // nobody has measured its own link but by theirs
			s.Delay = max(s.Delay, to.Delay)
		}
	}
	if s.Rate == 0 || fastest < s.Rate {
		s.Rate = fastest
	}
	return s
}

// player is a device of which is known what each layer takes.
type player struct {
	layers []time.Duration
	load   time.Duration
}

func (d player) Computes(_ time.Duration, frames, from, to, _ int) (takes time.Duration) {
	for _, l := range d.layers[from:to] {
		takes += l
	}
	return time.Duration(frames) * takes
}

func (d player) Loads(time.Duration) time.Duration { return d.load }

// way is a device's link.
type way struct{ *link.Uplink }

func (w way) Line() simulate.Line { return w.Schedule() }

func uplink(s link.Shape) simulate.Uplink {
	if s.Rate == 0 && s.Delay == 0 {
		return nil
	}
	return way{link.NewUplink(s, 1)}
}
