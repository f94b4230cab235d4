package role

import (
	"context"

	"tandem/pipeline"
	"tandem/role/edge"
	"tandem/role/recut"
	"tandem/transport"
)

// placed fills in where a client's run is cut: as its user says, or with --cut auto as is best for the nodes that are there.
func (p *player) placed(ctx context.Context, fast *transport.Client) (err error) {
	if p.cfg.AutoCut() {
		p.run.Auto = true
		p.keep, p.run.Cuts, err = recut.NewKeeper(ctx, fast, p.run)
		return err
	}
	p.run.Cuts, err = p.cfg.CutLayers()
	return err
}

// Recut takes in that the run is cut anew.
func (p *stagePart) Recut(r pipeline.Recut) pipeline.Recutting { return p.recut.Recut(r) }

// recutWays lead to all nodes below.
func (p *stagePart) recutWays() (ways []recut.Way) {
	for _, e := range p.edges() {
		ways = append(ways, e)
	}
	return ways
}

// present is the run as it is cut now, and what an edge to a next node is opened with.
func (p *stagePart) present(run pipeline.Run, below edge.Config) (pipeline.Run, edge.Config) {
	if p.stage != nil { // otherwise it is being opened
		run, below.Layer = p.recut.Run()
	}
	return run, below
}
