package placement

import (
	"cmp"
	"math"
	"slices"
)

// mostPlans is how many plans Plans makes of a network with many layers, but for a factor of 2.
const mostPlans = 2000

// Plans are the plans for devices whose order is given, those first that can carry most. Where layers are many, some places to cut
// stand for those around them. Whoever knows better than the fluid limit what a plan carries looks through them, and may stop
// where the limit of the next one is below what has been found.
func Plans(n Network, fleet []Device, stages [][]int, g Goal) ([]Plan, error) {
	if err := check(n, fleet, g); err != nil {
		return nil, err
	}
	if err := checkStages(fleet, stages); err != nil {
		return nil, err
	}
	often := float64(len(stages) - 1)
	places := int(math.Pow(mostPlans*math.Gamma(often+1), 1/often)) // of which so many can be chosen in about mostPlans ways
	at, of := cuts(n, fleet, min(mostOrdered, places+len(stages)/2)), profiles(n, fleet)
	var plans []Plan
	each(at[1:len(at)-1], len(stages)-1, nil, func(cuts []int) {
		p := Plan{Stages: []Stage{{0, stages[0]}}}
		for i, from := range cuts {
			p.Stages = append(p.Stages, Stage{from, stages[i+1]})
		}
		if fits(of, p) {
			p.Rate, p.Latency = rate(of, p, g.Help), latency(of, p)
			plans = append(plans, p)
		}
	})
	if len(plans) == 0 {
		return nil, tooLarge(n, stages)
	}
	slices.SortStableFunc(plans, func(a, b Plan) int { return cmp.Compare(b.Rate, a.Rate) })
	return plans, nil
}

// each calls f with every choice of so many of the places, in their order.
func each(at []int, often int, before []int, f func([]int)) {
	if often == 0 {
		f(before)
		return
	}
	for i, c := range at {
		each(at[i+1:], often-1, append(slices.Clip(before), c), f)
	}
}

// fits reports whether every device has the memory for its layers.
func fits(of []profile, p Plan) bool {
	to := len(of[0].Layers)
	for _, stage := range slices.Backward(p.Stages) {
		for _, d := range stage.Devices {
			if _, fits := of[d].part(stage.From, to, false); !fits {
				return false
			}
		}
		to = stage.From
	}
	return true
}
