package role

import (
	"cmp"
	"fmt"
	"slices"

	"tandem/pipeline"
	"tandem/role/options"
	"tandem/strategy"
	"tandem/transport"
)

// agree fills in what the run leaves open, refuses what this node can't do, and says which layers it has to hold. Only a
// node with somebody to forward to has a strategy; the last one needs to know whether it holds the whole network.
func (w *worker) agree(run pipeline.Run, layer int) (pipeline.Run, strategy.Entry, pipeline.Holding, error) {
	refuse := func(format string, args ...any) (pipeline.Run, strategy.Entry, pipeline.Holding, error) {
		return run, strategy.Entry{}, pipeline.Holding{}, fmt.Errorf("%w %s: %s", pipeline.ErrInvalidRun, run.ID, fmt.Sprintf(format, args...))
	}
	if run.Strategy == "" && w.cfg.Role == options.Slow {
		return refuse("it names no strategy: open it on the fast node first, or name one")
	}
	if run.Strategy == "" {
		run.Strategy = w.cfg.Strategy
	}
	entry, err := strategy.Lookup(run.Strategy)
	if err != nil {
		return refuse("%v", err)
	}
	run.Strategy = entry.Name
	switch {
	case !entry.Tasks:
		run.Tasks = 0
	case run.Tasks == 0:
		run.Tasks = w.cfg.Tasks
	}
	if run.Load == "" {
		run.Load = w.cfg.Load
	}
	if run.Load == "" || entry.Loading == "" {
		run.Load = entry.Loading
	}
	run.Wire = cmp.Or(run.Wire, w.cfg.Wire, transport.Float32)
	if err := entry.Validate(strategy.Params{Tasks: run.Tasks, Loading: run.Load}); err != nil {
		return refuse("%v", err)
	}

	if run.Digest != "" && run.Digest != w.net.Digest() {
		return refuse("it uses the model %s (%s), and this %s node has %s (%s): start every node with the same --model and --shape, or with the same --seed",
			run.Model, run.Digest, string(w.cfg.Role), w.net.Name(), w.net.Digest())
	}
	run.Model, run.Digest, run.Outputs = w.net.Name(), w.net.Digest(), w.tensors(w.net.Len())
	held, err := w.slice(&run, layer, entry.Whole)
	if err != nil {
		return refuse("%v", err)
	}
	return run, entry, held, nil
}

// slice fills in the run's cuts and finds the layers for which this node takes frames.
func (w *worker) slice(run *pipeline.Run, layer int, whole bool) (pipeline.Holding, error) {
	layers := w.net.Len()
	held := pipeline.Holding{From: 0, To: layers, Shapes: w.net.Shapes}
	if len(run.Cuts) == 0 {
		run.Cuts = w.cuts
	}
	switch {
	case len(run.Cuts) == 0:
		return held, fmt.Errorf("it does not say where the network is cut: name the fast node first in --next, or give this %s node --cut", string(w.cfg.Role))
	case len(w.cuts) > 0 && !slices.Equal(run.Cuts, w.cuts):
		return held, fmt.Errorf("it cuts the network at %s, and this %s node at %s: give both the same --cut", pipeline.FormatCuts(run.Cuts), string(w.cfg.Role), pipeline.FormatCuts(w.cuts))
	}
	if last := run.Cuts[len(run.Cuts)-1]; last >= layers {
		return held, fmt.Errorf("it cuts the network at %d, and %s can be cut at 1 to %d: correct --cut", last, w.net.Name(), layers-1)
	}
	if !whole {
		held.From, held.To = run.Slice(layer, layers)
		switch {
		case held.To < layers && len(w.next) == 0:
			return held, fmt.Errorf("it cuts the network at %s, and this %s node, from layer %d on, would have to hand over at %d: give it --next for the node that takes them and --end for results, or fast one --cut less",
				pipeline.FormatCuts(run.Cuts), string(w.cfg.Role), held.From, held.To)
		case held.To == layers && len(w.next) > 0:
			return held, fmt.Errorf("it cuts the network at %s, and this %s node, from layer %d on, has nothing left to hand over to its --next: give fast one --cut more, or this node only --next for the end node",
				pipeline.FormatCuts(run.Cuts), string(w.cfg.Role), held.From)
		}
	}
	return held, nil
}
