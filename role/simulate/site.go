// Package simulate makes plans of what a user sets, plays them in virtual time, and compares them with runs that were played.
package simulate

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"tandem/model"
	"tandem/pipeline"
	"tandem/pipeline/simulate"
	"tandem/role/agree"
	"tandem/role/device"
	"tandem/role/inject"
	"tandem/role/options"
	"tandem/strategy"
	"tandem/transport"
	"tandem/transport/link"
)

// Site is what all simulated runs of a network have in common: of the network only its shapes matter.
type Site struct {
	net    *model.Network
	shares []float64 // of its time, by layer
	cuts   []int
	memory int          // bytes that frames may take in each process
	fleet  *Fleet       // of a run that was played; nil: devices and links are those of the options
	shared *link.Uplink // that all nodes send over; nil: each has its own
	// Traced takes the decisions of fast in a run; nil: nobody wants them.
	Traced func(run string) func(pipeline.Decided)
	// Delay is what a message takes one way, beside the link that is emulated.
	Delay time.Duration
	// Chances are the seeds of the nodes; nil: those that they have in one process.
	Chances func(r options.Role, place int) uint64
}

// loopback is what a message takes between two processes of a machine, as runs on one have measured it: mostly their work for HTTP.
const loopback = 250 * time.Microsecond

// Open opens the network, and finds the cuts. Close it.
func Open(o options.Options) (*Site, error) {
	net, err := model.OpenOrDefault(o.Model, o.Settings, o.Seed)
	if err != nil {
		return nil, err
	}
	s := &Site{net: net, shares: net.Shares(), memory: int(min(device.Memory()/8, math.MaxInt)), Delay: loopback}
	for _, text := range o.Cuts {
		cut, err := net.Cut(text)
		if err == nil && len(s.cuts) > 0 && cut <= s.cuts[len(s.cuts)-1] {
			err = fmt.Errorf("--cut %s does not come after the one before it: name the cuts in the order in which frames pass them", text)
		}
		if err != nil {
			return nil, errors.Join(err, net.Close())
		}
		s.cuts = append(s.cuts, cut)
	}
	if len(s.cuts) == 0 {
		s.cuts = []int{net.DefaultCut(o.Threads)}
	}
	if s.cuts[0] == 0 {
		return nil, errors.Join(fmt.Errorf("--model %s has one layer, and can't be cut: give a network of two or more", net.Name()), net.Close())
	}
	return s, nil
}

// Like makes the nodes those of a fleet, whose network this must be; nil: they are those of the options.
func (s *Site) Like(f *Fleet) error {
	s.fleet = f
	return f.of(s.net.Name())
}

// Close closes the network.
func (s *Site) Close() error { return s.net.Close() }

// Play simulates one run of a strategy.
func (s *Site) Play(o options.Options, name string) (pipeline.Report, error) {
	p, err := s.Plan(o, name)
	if err != nil {
		return pipeline.Report{}, err
	}
	r, err := simulate.Play(p)
	r.Version = o.Version
	return r, err
}

// Plan makes the plan of one run: the nodes agree on it as real ones do.
func (s *Site) Plan(o options.Options, name string) (simulate.Plan, error) {
	entry, err := strategy.Lookup(name)
	if err != nil {
		return simulate.Plan{}, fmt.Errorf("--strategy: %w", err)
	}
	p := simulate.Plan{
		Run: pipeline.Run{
			ID: "simulated-" + entry.Name + "-" + strconv.FormatUint(o.Seed, 10), Strategy: entry.Name, Tasks: o.Tasks, Frames: o.Frames,
			Interval: cmp.Or(o.Arrivals.Mean(), o.Interval), Load: o.Load, Wire: o.Wire,
		},
		Gaps: o.Arrivals.Gaps(o.Interval, o.Seed),
		// A run that is overloaded without end is one of a wait that never ends.
		Limit: 1000 * time.Hour,
	}
	beside := o
	if s.fleet != nil {
		s.fleet.apply(&beside, 0, 0, s.bytes(o.Wire, s.cuts[0]))
	}
	if s.fleet == nil || beside.Link.Name == "" { // what was measured has it in it
		p.Delay = s.Delay
	}
	p.Client, p.End = s.host(beside, options.Client, 0), s.host(beside, options.End, 0)
	layer := 0
	for level := range len(s.cuts) + 1 {
		nodes, r, below := s.fleet.size(level, o.SlowNodes), options.Slow, s.fleet.size(level+1, o.SlowNodes)
		if level == 0 {
			nodes, r = 1, options.Fast
		}
		if level == len(s.cuts) {
			below = 0
		}
		n := o
		n.Role = r
		run, _, held, err := agree.Node{Options: n, Net: s.net, At: s.cuts, Below: below}.Run(p.Run, layer)
		if err != nil {
			return simulate.Plan{}, err
		}
		p.Run = run
		if !entry.Whole {
			layer = held.To
		}
		var these []simulate.Node
		for i := range nodes {
			these = append(these, s.node(o, run, held, r, level, i))
		}
		p.Levels = append(p.Levels, these)
	}
	if s.Traced != nil {
		p.Levels[0][0].Stage.Traced = s.Traced(p.Run.ID)
	}
	p.Value = transport.ValueBytes(p.Run.Wire)
	for _, f := range o.Faults {
		if f.What == inject.Join {
			p.Levels[1][f.Node-1].Joins = f.At
		} else {
			p.Faults = append(p.Faults, simulate.Fault{Level: 1, Node: f.Node - 1, At: f.At, For: f.For, Stopped: f.What == inject.Leave})
		}
	}
	return p, nil
}

// node is one that computes.
func (s *Site) node(o options.Options, run pipeline.Run, held pipeline.Holding, r options.Role, level, i int) simulate.Node {
	place := max(0, level-1)*o.SlowNodes + i
	if all := o.EmulateSlow; len(all) > 0 && level > 0 {
		o.Emulate = all[i%len(all)]
	}
	if s.fleet != nil {
		s.fleet.apply(&o, level, i, s.bytes(run.Wire, min(held.To, s.net.Len()-1)))
	}
	tail := held.To
	if tail == s.net.Len() {
		tail = max(held.From, run.Cuts[0])
	}
	places, highWater, drop := run.Queue(o.Queue, o.HighWater, o.Drop)
	return simulate.Node{
		Host:   s.host(o, r, place),
		Device: &emulated{o.Emulate, s.shares, rand.New(rand.NewPCG(s.chances(o, r, place), 2))},
		Stage: pipeline.StageConfig{
			Holding: held, Cut: tail, Layers: s.net.Len(), KeepTail: o.Resident || held.To == s.net.Len(),
			Queue: places, HighWater: highWater, Drop: drop, MaxAge: o.MaxAge, Batch: o.Batch,
			Buffer: cmp.Or(o.Buffer, s.memory) / (o.SlowNodes + 2),
		},
	}
}

// host is what a program runs on and sends over.
func (s *Site) host(o options.Options, r options.Role, place int) simulate.Host {
	h := simulate.Host{ID: pipeline.NodeID{Role: string(r)}}
	if r != options.Client {
		h.ID.Address = fmt.Sprintf("%s-%d", string(r), place+1)
	}
	switch {
	case s.shared != nil:
		h.Uplink = uplink{s.shared}
	case o.Link.Name != "":
		h.Uplink = uplink{link.NewUplink(o.Link, s.chances(o, r, place))}
	}
	owner := device.Owner{Role: string(r), Threads: 1, Power: o.Power, Emulate: o.Emulate}
	h.Tell = func(e *pipeline.Entry) {
		e.Link = o.Link.Name
		if r == options.Fast || r == options.Slow {
			e.Emulate = o.Emulate.String()
		}
		owner.Model(e)
	}
	return h
}

// bytes are what a frame that enters a layer takes on the wire.
func (s *Site) bytes(wire string, layer int) (n int) {
	for _, shape := range s.net.Shapes(layer) {
		n += pipeline.Volume(shape)
	}
	return n * transport.ValueBytes(wire)
}

// chances is the seed of a node's: the one that it has in a run that is played.
func (s *Site) chances(o options.Options, r options.Role, place int) uint64 {
	if s.Chances != nil {
		return s.Chances(r, place)
	}
	o.Role = r
	return o.Chances(place)
}

// emulated is a device with its chances.
type emulated struct {
	device.Emulation
	shares []float64 // of the network's time, by layer
	random *rand.Rand
}

func (d *emulated) Computes(since time.Duration, frames, from, to, cut int) time.Duration {
	return d.Emulation.Computes(d.random, since, frames, from, to, cut, d.shares)
}

func (d *emulated) Loads(since time.Duration) time.Duration {
	return d.Emulation.Loads(d.random, since)
}

// uplink is an emulated link without bytes.
type uplink struct{ *link.Uplink }

func (u uplink) Line() simulate.Line { return u.Schedule() }
