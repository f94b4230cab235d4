// Package agree is what a run and a node agree on when the run is opened: strategy, network, cuts, and the layers that the node
// has to hold.
package agree

import (
	"cmp"
	"fmt"
	"slices"

	"tandem/model"
	"tandem/pipeline"
	"tandem/role/options"
	"tandem/strategy"
	"tandem/transport"
)

// Node is a fast or slow node.
type Node struct {
	options.Options // what runs may leave open
	Net             *model.Network
	At              []int // where this node wants the network cut; empty: where the run says
	Usual           []int // where a run is cut that does not say; empty: it has to
	Below           int   // how many nodes take over from it
}

// Run fills in what a run leaves open, refuses what this node can't do, and says which layers it has to hold: it takes frames
// from the given one on. Only a node with somebody to forward to has a strategy; the last one needs to know whether it holds
// the whole network. The error is pipeline.ErrInvalidRun.
func (n Node) Run(run pipeline.Run, layer int) (pipeline.Run, strategy.Entry, pipeline.Holding, error) {
	refuse := func(format string, args ...any) (pipeline.Run, strategy.Entry, pipeline.Holding, error) {
		return run, strategy.Entry{}, pipeline.Holding{}, fmt.Errorf("%w %s: %s", pipeline.ErrInvalidRun, run.ID, fmt.Sprintf(format, args...))
	}
	if run.Strategy == "" && n.Role == options.Slow {
		return refuse("it names no strategy: open it on the fast node first, or name one")
	}
	if run.Strategy == "" {
		run.Strategy = n.Strategy
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
		run.Tasks = n.Tasks
	}
	if run.Load == "" {
		run.Load = n.Load
	}
	if run.Load == "" || entry.Loading == "" {
		run.Load = entry.Loading
	}
	run.Wire = cmp.Or(run.Wire, n.Wire, transport.Float32)
	if err := entry.Validate(strategy.Params{Tasks: run.Tasks, Loading: run.Load}); err != nil {
		return refuse("%v", err)
	}

	if run.Digest != "" && run.Digest != n.Net.Digest() {
		return refuse("it uses the model %s (%s), and this %s node has %s (%s): start every node with the same --model and --shape, or with the same --seed",
			run.Model, run.Digest, string(n.Role), n.Net.Name(), n.Net.Digest())
	}
	run.Model, run.Digest, run.Outputs = n.Net.Name(), n.Net.Digest(), Tensors(n.Net, n.Net.Len())
	held, err := n.slice(&run, layer, entry.Whole)
	if err != nil {
		return refuse("%v", err)
	}
	return run, entry, held, nil
}

// Needs says of which layers this node needs the weights in a run: those that it holds, and behind them those that it may be
// asked to finish. Where the cuts move it may be any.
func (n Node) Needs(run pipeline.Run, layer int) (from, to int, err error) {
	_, _, held, err := n.Run(run, layer)
	switch {
	case run.Auto:
		return 0, n.Net.Len(), err
	case n.Below > 0:
		held.To = n.Net.Len()
	}
	return held.From, held.To, err
}

// slice fills in the run's cuts and finds the layers for which this node takes frames.
func (n Node) slice(run *pipeline.Run, layer int, whole bool) (pipeline.Holding, error) {
	layers := n.Net.Len()
	held := pipeline.Holding{From: 0, To: layers, Shapes: n.Net.Shapes}
	if len(run.Cuts) == 0 {
		if run.Cuts = n.At; len(run.Cuts) == 0 {
			run.Cuts = n.Usual
		}
	}
	switch {
	case len(run.Cuts) == 0:
		return held, fmt.Errorf("it does not say where the network is cut: name the fast node first in --next, or give this %s node --cut", string(n.Role))
	case len(n.At) > 0 && !slices.Equal(run.Cuts, n.At):
		return held, fmt.Errorf("it cuts the network at %s, and this %s node at %s: give both the same --cut, or one of them none", pipeline.FormatCuts(run.Cuts), string(n.Role), pipeline.FormatCuts(n.At))
	}
	if last := run.Cuts[len(run.Cuts)-1]; last >= layers {
		return held, fmt.Errorf("it cuts the network at %d, and %s can be cut at 1 to %d: correct --cut", last, n.Net.Name(), layers-1)
	}
	if !whole {
		held.From, held.To = run.Slice(layer, layers)
		switch {
		case held.To < layers && n.Below == 0:
			return held, fmt.Errorf("it cuts the network at %s, and this %s node, from layer %d on, would have to hand over at %d: give it --next for the node that takes them and --end for results, or fast one --cut less",
				pipeline.FormatCuts(run.Cuts), string(n.Role), held.From, held.To)
		case held.To == layers && n.Below > 0:
			return held, fmt.Errorf("it cuts the network at %s, and this %s node, from layer %d on, has nothing left to hand over to its --next: give fast one --cut more, or this node only --next for the end node",
				pipeline.FormatCuts(run.Cuts), string(n.Role), held.From)
		}
	}
	return held, nil
}

// Tensors are what frames bring to a node that takes them from a layer on; behind the last layer, what the network gives.
func Tensors(net *model.Network, layer int) (tensors []pipeline.Tensor) {
	for _, t := range net.Entering(layer) {
		tensors = append(tensors, pipeline.Tensor(t))
	}
	return tensors
}
