package recut

import (
	"fmt"

	"tandem/pipeline"
	"tandem/strategy"
)

// Stage is the part of a node that computes.
type Stage struct {
	*pipeline.Stage
	Layers int                      // of the network
	Begin  func() strategy.Strategy // a new one
}

// Switch has the stage hand over behind the layers [from, to) from now on; the last node, which hands over nothing, begins there.
func (s Stage) Switch(from, to int) {
	if to == s.Layers {
		to = from
	}
	s.Stage.Switch(to, s.Begin())
}

// SliceOf finds the layers of a node that had these in a run, when that is cut elsewhere. agree says which they are for a node that
// takes frames from a layer on.
func SliceOf(run pipeline.Run, held pipeline.Holding, agree func(pipeline.Run, int) (pipeline.Holding, error)) func(pipeline.Run) (from, to int, err error) {
	return func(now pipeline.Run) (from, to int, err error) {
		if len(now.Cuts) != len(run.Cuts) {
			return 0, 0, fmt.Errorf("%d cuts take the place of %d", len(now.Cuts), len(run.Cuts))
		}
		held, err := agree(now, run.Moved(held.From, now.Cuts))
		return held.From, held.To, err
	}
}
