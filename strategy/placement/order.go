package placement

import (
	"fmt"
	"math"
)

// Cut finds where a network is cut best among devices whose order is given: those of each stage. Every one of them is used.
//
//	best(from, stage) = the best over to > from of: stage, with the layers [from, to), in front of best(to, stage + 1)
func Cut(n Network, fleet []Device, stages [][]int, g Goal) (Plan, error) {
	if err := check(n, fleet, g); err != nil {
		return Plan{}, err
	}
	if err := checkStages(fleet, stages); err != nil {
		return Plan{}, err
	}
	o := order{net: n, goal: g, stages: stages, places: profiles(n, fleet), at: cuts(n, fleet, mostOrdered)}
	o.solve()
	if math.IsInf(o.best[0][0].value, -1) {
		return Plan{}, tooLarge(n, stages)
	}
	p := Plan{Stages: o.plan()}
	p.Rate, p.Latency = Rate(n, fleet, p, g.Help), Latency(n, fleet, p)
	return p, nil
}

func tooLarge(n Network, stages [][]int) error {
	return fmt.Errorf("%w: the weights are too large for the memory of these devices in their order, or a network of %d layers has too few places to be cut %d times",
		ErrNoPlan, len(n.Weights), len(stages)-1)
}

func checkStages(fleet []Device, stages [][]int) error {
	if len(stages) < 2 {
		return fmt.Errorf("%w: a pipeline has two stages at least, and %d is there", ErrNoPlan, len(stages))
	}
	for i, stage := range stages {
		if len(stage) == 0 || i == 0 && len(stage) > 1 {
			return fmt.Errorf("%w: stage %d has %d devices: the first has one, and each further one at least one", ErrNoPlan, i, len(stage))
		}
		for _, d := range stage {
			if d < 0 || d >= len(fleet) {
				return fmt.Errorf("stage %d names device %d of %d", i, d, len(fleet))
			}
		}
	}
	return nil
}

// mostOrdered bounds the places to cut that are looked at, so that a Raspberry Pi takes less than a second.
const mostOrdered = 400

// order is a dynamic program over (stage, layer).
type order struct {
	net    Network
	goal   Goal
	stages [][]int
	places []profile // of each device
	at     []int     // layers at which a stage may begin, and where the network ends
	best   [][]choice
}

// solve fills in the best of each stage and layer, from the end on.
func (o *order) solve() {
	last := len(o.stages) - 1
	o.best = make([][]choice, len(o.stages))
	for stage := last; stage >= 0; stage-- {
		o.best[stage] = make([]choice, len(o.at))
		for from := range o.at {
			o.best[stage][from] = o.from(stage, from)
		}
	}
}

// from is the best of a stage and those behind it that begins at a place to cut.
func (o *order) from(stage, from int) choice {
	end := len(o.at) - 1
	if stage == len(o.stages)-1 {
		if from == end {
			return never
		}
		return o.try(stage, from, end, 0)
	}
	best := never
	for to := from + 1; to < end; to++ {
		if behind := o.best[stage+1][to].value; !math.IsInf(behind, -1) {
			best = better(best, o.try(stage, from, to, behind))
		}
	}
	return best
}

// try is a stage with the layers between two places, in front of others of that value.
func (o *order) try(stage, from, to int, behind float64) choice {
	var parts []part
	latency := 0.0
	for _, d := range o.stages[stage] {
		p, fits := o.places[d].part(o.at[from], o.at[to], o.goal.Help)
		if !fits {
			return never
		}
		latency = max(latency, p.latency().Seconds())
		parts = append(parts, p)
	}
	c := choice{to: to}
	if !o.goal.Latency {
		c.value = newOffer(parts).rate(behind)
		return c
	}
	next := math.Inf(1)
	if stage == len(o.stages)-1 {
		next = 0
	}
	if newOffer(parts).rate(next) < o.goal.Offered {
		return never
	}
	c.value = behind - latency
	return c
}

// plan follows the best from stage to stage.
func (o *order) plan() (stages []Stage) {
	from := 0
	for i, devices := range o.stages {
		stages = append(stages, Stage{From: o.at[from], Devices: devices})
		from = o.best[i][from].to
	}
	return stages
}
