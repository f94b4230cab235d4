// Package placement finds which devices of a fleet take which layers of a network: the order of the devices, the cuts between
// them, and who works beside whom.
//
//	        ┌────────┐  cut   ┌────────┐  cut   ┌────────┐
//	input ─▶│  fast  │───────▶│  slow  │───────▶│  slow  │─▶ output
//	        └────────┘   │    └────────┘   ▲    └────────┘
//	                     │    ┌────────┐   │
//	                     └───▶│  slow  │───┘
//	                          └────────┘
//	         stage 0           stage 1           stage 2
//
// It is pure: what devices and links take comes in, and a plan comes out.
package placement

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Network is what has to be placed.
type Network struct {
	// Bytes that a frame takes on the wire at each boundary: before the first layer, between two, behind the last one. Below 0
	// the network can't be cut there.
	Bytes   []int
	Weights []int64 // bytes of each layer
}

// Device is one of the fleet.
type Device struct {
	Name   string
	Layers []time.Duration // that it takes for each layer of a frame
	Memory int64           // bytes that it has for weights; 0: as many as there are
	Link   Link
}

// Link leads from a device to the network that it shares with the others.
type Link struct {
	Send, Receive float64       // bytes a second; 0: more than can be used
	Delay         time.Duration // that a byte takes to another device, beside those before it
}

// Goal is what a plan is for.
type Goal struct {
	Latency bool    // the least time from the input to the output; otherwise the highest rate
	Offered float64 // frames a second that a plan for latency has to carry
	Help    bool    // a device that has more time than those behind it finishes frames itself, as balance does
}

// Plan is who does what.
type Plan struct {
	Stages  []Stage
	Rate    float64       // frames a second that it can carry
	Latency time.Duration // from the input to the output, with empty queues
}

// Stage is the devices that take frames from one layer on: the first has one, the others share what comes.
type Stage struct {
	From    int   // the first layer
	Devices []int // in the order of the fleet
}

// Cuts are where the network is cut.
func (p Plan) Cuts() (cuts []int) {
	for _, s := range p.Stages[1:] {
		cuts = append(cuts, s.From)
	}
	return cuts
}

// ErrNoPlan is a fleet that can't compute the network.
var ErrNoPlan = errors.New("no plan")

// Find finds the best plan. A pipeline has two devices at least; not every device has to be used.
func Find(n Network, fleet []Device, g Goal) (Plan, error) {
	if err := check(n, fleet, g); err != nil {
		return Plan{}, err
	}
	s := newSearch(n, fleet, g)
	best := s.solve()
	if math.IsInf(best.value, -1) {
		return Plan{}, fmt.Errorf("%w: %s", ErrNoPlan, s.why())
	}
	p := Plan{Stages: s.stages(best)}
	p.Rate, p.Latency = Rate(n, fleet, p, g.Help), Latency(n, fleet, p)
	return p, nil
}

func check(n Network, fleet []Device, g Goal) error {
	layers := len(n.Weights)
	switch {
	case len(n.Bytes) != layers+1:
		return fmt.Errorf("%d layers have %d boundaries, and %d were given", layers, layers+1, len(n.Bytes))
	case layers < 2:
		return fmt.Errorf("%w: a network of one layer can't be cut", ErrNoPlan)
	case len(fleet) < 2:
		return fmt.Errorf("%w: a pipeline has two devices at least, and %d is there", ErrNoPlan, len(fleet))
	case g.Offered < 0:
		return fmt.Errorf("%g frames a second are offered: use 0 or more", g.Offered)
	}
	for _, d := range fleet {
		if len(d.Layers) != layers {
			return fmt.Errorf("%s was measured for %d layers, and the network has %d", d.Name, len(d.Layers), layers)
		}
	}
	return nil
}

// Rate is how many frames a second a plan can carry: by the fluid limit, in which a frame is as small as one likes.
func Rate(n Network, fleet []Device, p Plan, help bool) float64 {
	return rate(profiles(n, fleet), p, help)
}

func rate(of []profile, p Plan, help bool) float64 {
	rate, to := 0.0, len(of[0].Layers) // nobody is behind the last stage
	for _, stage := range slices.Backward(p.Stages) {
		var parts []part
		for _, d := range stage.Devices {
			if p, fits := of[d].part(stage.From, to, help); fits {
				parts = append(parts, p)
			}
		}
		rate, to = newOffer(parts).rate(rate), stage.From
	}
	return rate
}

// Latency is what a frame takes on its way through a plan, when nothing waits: where several share a stage, on the slowest.
func Latency(n Network, fleet []Device, p Plan) time.Duration { return latency(profiles(n, fleet), p) }

func latency(of []profile, p Plan) time.Duration {
	all, to := time.Duration(0), len(of[0].Layers)
	for _, stage := range slices.Backward(p.Stages) {
		var longest time.Duration
		for _, d := range stage.Devices {
			p, _ := of[d].part(stage.From, to, false)
			longest = max(longest, p.latency())
		}
		all, to = all+longest, stage.From
	}
	return all
}
