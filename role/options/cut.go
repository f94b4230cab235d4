package options

import (
	"fmt"
	"slices"
	"strconv"

	"tandem/strategy"
)

// auto is a --cut that moves as the fleet changes.
const auto = "auto"

// AutoCut reports whether the run is cut as is best for the nodes that are there.
func (o Options) AutoCut() bool { return len(o.Cuts) == 1 && o.Cuts[0] == auto }

// CutLayers are those at which a client has its run cut; none: it leaves that to fast.
func (o Options) CutLayers() (cuts []int, err error) {
	for _, text := range o.Cuts {
		cut, err := strconv.ParseInt(text, 10, 32)
		if err != nil || cut < 1 {
			return nil, fmt.Errorf("--cut %q: a client has no network, in which names could be looked up: use the index of a layer, 1 or more, or %s", text, auto)
		}
		cuts = append(cuts, int(cut))
	}
	return cuts, nil
}

func (o Options) validateCuts() error {
	if !slices.Contains(o.Cuts, auto) {
		if o.Role == Client {
			_, err := o.CutLayers()
			return err
		}
		return nil
	}
	e, _ := strategy.Lookup(o.Strategy) // what is unknown is refused elsewhere
	switch {
	case o.Role == Fast || o.Role == Slow:
		return fmt.Errorf("--cut %s is for the client, who has the run: leave --cut out on %s", auto, o.Role)
	case !o.AutoCut():
		return fmt.Errorf("--cut %s stands for all cuts: give it once, and no other", auto)
	case o.Simulated:
		return fmt.Errorf("--cut %s means nothing for a simulation, whose devices stay as they are: name the cut", auto)
	case e.Whole || o.Role == Local && o.Strategy == "":
		return fmt.Errorf("--cut %s needs one strategy that cuts the network, as in --strategy balance: under replicate each node has the whole", auto)
	}
	return nil
}
