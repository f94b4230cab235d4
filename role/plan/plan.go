package plan

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"tandem/model"
	"tandem/strategy/placement"
)

// Plan is who does what, as JSON has it.
type Plan struct {
	Model     string   `json:"model"`
	Digest    string   `json:"digest"`
	For       string   `json:"for"` // rate or latency
	Strategy  string   `json:"strategy"`
	Wire      string   `json:"wire"`
	Cuts      []int    `json:"cuts"`
	Rate      float64  `json:"rate"` // frames a second that the fleet can carry
	LatencyMS float64  `json:"latency_ms"`
	Nodes     []Node   `json:"nodes"` // in the order in which frames pass them
	Unused    []Node   `json:"unused,omitempty"`
	Notes     []string `json:"notes,omitempty"`

	first string // address of the fast node
}

// Node is one of the fleet in a plan.
type Node struct {
	Address   string  `json:"address"`
	Version   string  `json:"version"`
	Role      string  `json:"role"`     // that the plan gives it; of an unused one, its own
	Stage     int     `json:"stage"`    // those of a stage share the frames
	From      int     `json:"from"`     // first layer
	To        int     `json:"to"`       // the one behind the last
	TakesMS   float64 `json:"takes_ms"` // these layers, of one frame
	Weights   int64   `json:"weight_bytes"`
	SendsMbit float64 `json:"sends_mbit"` // its link, as measured; 0: more than can be told
	TripMS    float64 `json:"round_trip_ms"`
	Emulate   string  `json:"emulate,omitempty"`
}

// find makes the plan for a fleet that has answered.
func find(net *model.Network, fleet []node, t terms) (Plan, error) {
	all := devices(fleet)
	values, weights := sizes(net)
	found, err := placement.Find(Network(values, weights, t.wire), all, t.Goal)
	if err != nil {
		return Plan{}, err
	}
	nodes := make([]Node, len(fleet))
	for i, n := range fleet {
		nodes[i] = said(n)
	}
	p := spell(net, found, all, nodes, t)
	for _, n := range fleet {
		if n.Version != fleet[0].Version {
			p.Notes = append(p.Notes, fmt.Sprintf("%s has version %s, and %s has %s: copy the same tandem to all", n.client.Address(), n.Version, fleet[0].client.Address(), fleet[0].Version))
		}
	}
	return p, nil
}

// spell says what was found for devices, of which each node has said of itself what is known.
func spell(net *model.Network, found placement.Plan, all []placement.Device, nodes []Node, t terms) Plan {
	p := Plan{
		Model: net.Name(), Digest: net.Digest(), For: Rate, Strategy: t.strategy, Wire: t.wire, Cuts: found.Cuts(),
		Rate: found.Rate, LatencyMS: milliseconds(found.Latency),
	}
	if t.Latency {
		p.For = Latency
	}
	used := map[int]bool{}
	for i, stage := range found.Stages {
		to := net.Len()
		if i < len(found.Stages)-1 {
			to = found.Stages[i+1].From
		}
		for _, d := range stage.Devices {
			used[d] = true
			n := nodes[d]
			n.Stage, n.From, n.To, n.Weights = i, stage.From, to, net.Bytes(stage.From, to)
			if n.Role = "slow"; i == 0 {
				n.Role = "fast"
			}
			for _, layer := range all[d].Layers[stage.From:to] {
				n.TakesMS += milliseconds(layer)
			}
			p.Nodes = append(p.Nodes, n)
		}
	}
	for i, n := range nodes {
		if !used[i] {
			p.Unused = append(p.Unused, n)
		}
		if weights := net.Bytes(0, net.Len()); all[i].Memory > 0 && all[i].Memory < weights {
			p.Notes = append(p.Notes, fmt.Sprintf("%s is too small for the network: it has %s for weights, of %s; its layers are measured as many at a time as fit, and larger ones reckoned from these",
				n.Address, humanize.IBytes(uint64(all[i].Memory)), humanize.IBytes(uint64(weights))))
		}
	}
	return p
}

// said is what a node has said of itself.
func said(n node) Node {
	return Node{
		Address: n.client.Address(), Version: n.Version, Role: n.Role, SendsMbit: n.Back * 8 / 1e6, TripMS: milliseconds(n.RoundTrip), Emulate: n.Emulate,
	}
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }
