package plan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/command"
	"tandem/role/options"
	"tandem/role/report"
	"tandem/strategy/placement"
	"tandem/transport"
)

// apply plans for the nodes in the order in which they hand over to each other, prints that, and plays a run with these cuts.
func (o Options) apply(ctx context.Context, given options.Given, play Play) (err error) {
	if _, err := o.client(given, "fast:12345", nil); err != nil { // before anybody is asked
		return command.Wrong(err)
	}
	network, err := model.OpenOrDefault(o.Model, o.Settings, o.Seed)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, network.Close()) }()
	p, err := o.Ordered(ctx, network)
	if err != nil {
		return err
	}
	if o.Report.Format == report.JSON {
		err = json.NewEncoder(o.Stdout).Encode(p)
	} else {
		p.print(o.Stdout)
		_, err = fmt.Fprintf(o.Stdout, "\nA run that is cut so:\n\n")
	}
	if err != nil {
		return err
	}
	client, err := o.client(given, p.first, p.Cuts)
	if err != nil {
		return command.Wrong(err)
	}
	return play(ctx, client)
}

// client are the options of one that plays a run on a fast node with these cuts.
func (o Options) client(given options.Given, fast string, cuts []int) (options.Options, error) {
	g := maps.Clone(given)
	delete(g, "shape") // which the nodes have
	delete(g, "end")   // which fast knows
	g["role"], g["next"], g["strategy"] = []string{string(options.Client)}, []string{fast}, []string{o.Strategy}
	for _, c := range cuts {
		g["cut"] = append(slices.Clip(g["cut"]), fmt.Sprint(c))
	}
	client, err := g.Options(os.Environ())
	client.Log = client.Logger()
	return client, err
}

// Ordered asks the nodes, and finds the best cuts for the order in which they stand.
func (o Options) Ordered(ctx context.Context, net *model.Network) (p Plan, err error) {
	return p, o.with(ctx, net, func(fleet []node, t terms) error {
		i := slices.IndexFunc(fleet, func(n node) bool { return n.Role == string(options.Fast) })
		if i < 0 {
			return errors.New("--apply: none of --nodes is a fast node, which begins a pipeline: name it too, or leave --apply out for what to start where")
		}
		s, err := fleet[i].client.Survey(ctx)
		if err != nil {
			return err
		}
		if p, err = ordered(net, s, fleet, t); err != nil {
			return err
		}
		p.first = fleet[i].client.Address()
		free, err := find(net, fleet, t)
		if better := 1.02 * p.Rate; err == nil && !t.Latency && free.Rate > better {
			p.Notes = append(p.Notes, fmt.Sprintf("the nodes stay in their order; in another one they would carry %.1f f/s: leave --apply out for what to start where", free.Rate))
		}
		return nil
	})
}

// ordered makes the plan for a pipeline as it stands.
func ordered(net *model.Network, s transport.Survey, fleet []node, t terms) (Plan, error) {
	s.Sites[0].Address = fleet[slices.IndexFunc(fleet, func(n node) bool { return n.Name == s.Sites[0].Name })].client.Address()
	network, devices, stages := Places(s, t.wire, func(pipeline.NodeID) (float64, bool) { return 1, true })
	found, err := placement.Cut(network, devices, stages, t.Goal)
	if err != nil {
		return Plan{}, err
	}
	var nodes []Node
	for _, site := range s.Sites {
		n := Node{Address: site.Address, Role: site.Role, SendsMbit: site.Back * 8 / 1e6, TripMS: milliseconds(site.RoundTrip)}
		for _, known := range fleet {
			if known.Name == site.Name {
				n.Version, n.Emulate = known.Version, known.Emulate
			}
		}
		nodes = append(nodes, n)
	}
	p := spell(net, found, devices, nodes, t)
	for _, n := range fleet {
		if !slices.ContainsFunc(s.Sites, func(site transport.Site) bool { return site.Name == n.Name }) {
			p.Unused = append(p.Unused, said(n))
			p.Notes = append(p.Notes, fmt.Sprintf("nobody hands over to %s: name it in the --next of the node before it", n.client.Address()))
		}
	}
	return p, nil
}
