package placement

import (
	"fmt"
	"math"
	"slices"
)

// search is a dynamic program over (layer, devices that are left): the best that these devices can do with the layers from
// there on. What stands in front of a layer does not matter to it, and more is never worse, so that the best of the rest is part
// of the best of all.
//
//	best(from, left) = the best over who ⊆ left, to > from of: a stage of who, in front of best(to, left − who)
//
// Devices that are alike are counted, not named, so that twenty equal ones are 21 states and not a million.
type search struct {
	net    Network
	goal   Goal
	kinds  [][]int   // the devices of each kind
	places []profile // one of each kind
	cuts   []int     // layers at which a stage may begin, and where the network ends
	sets   []set     // all there are, the empty one first
	rests  [][]int   // for each set, those that may be left beside it
	memo   [][]choice
}

// choice is a stage and its value: frames a second, or minus seconds.
type choice struct {
	value float64 // −∞: it can't be
	who   int     // which of the sets
	to    int     // the place of the next cut
	rest  int     // the set that is left
}

var never = choice{value: math.Inf(-1)}

// steps bounds the stages that are looked at, so that a Raspberry Pi takes seconds: of a large fleet devices that are nearly alike
// are taken for equal, and of a long network the cuts with few bytes are looked at.
const (
	steps      = 20_000_000
	fewestCuts = 48
)

func newSearch(n Network, fleet []Device, g Goal) *search {
	s := &search{net: n, goal: g, kinds: kinds(fleet)}
	for pairs(s.kinds) > 2*steps/(fewestCuts*fewestCuts) && len(s.kinds) > 1 {
		s.kinds = merge(s.kinds, fleet)
	}
	for _, k := range s.kinds {
		s.places = append(s.places, newProfile(n, fleet[k[0]]))
	}
	s.sets = sets(s.kinds)
	s.rests = make([][]int, len(s.sets))
	all := s.sets[len(s.sets)-1]
	for who, a := range s.sets {
		for rest, b := range s.sets {
			if a.beside(b, all) {
				s.rests[who] = append(s.rests[who], rest)
			}
		}
	}
	s.cuts = cuts(n, fleet, max(fewestCuts, int(math.Sqrt(2*steps/float64(pairs(s.kinds))))))
	s.memo = make([][]choice, len(s.cuts))
	for i := range s.memo {
		s.memo[i] = slices.Repeat([]choice{never}, len(s.sets))
	}
	return s
}

// solve fills in the best of each layer and set, from the end of the network on, and returns that of the whole: its first stage is
// one device, and has one behind it.
func (s *search) solve() choice {
	last := len(s.cuts) - 1
	for from := last - 1; from > 0; from-- {
		for who := 1; who < len(s.sets); who++ {
			for to := from + 1; to <= last; to++ {
				s.stage(from, who, to)
			}
		}
	}
	best := never
	for who, d := range s.sets {
		for to := 1; to < last && d.size() == 1; to++ {
			s.stage(0, who, to)
		}
	}
	for _, c := range s.memo[0] {
		best = better(best, c)
	}
	return best
}

// better is the one with the higher value; of two that are equal, the first.
func better(a, b choice) choice {
	if b.value > a.value+1e-12*math.Abs(a.value) || math.IsInf(a.value, -1) {
		return b
	}
	return a
}

// stage tries one with every set that may be left for the layers behind it.
func (s *search) stage(from, who, to int) {
	parts, latency := s.parts(s.sets[who], s.cuts[from], s.cuts[to])
	if len(parts) == 0 {
		return
	}
	last := to == len(s.cuts)-1
	offer := newOffer(parts)
	for _, rest := range s.rests[who] {
		c := choice{who: who, to: to, rest: rest}
		next := math.Inf(1) // what those behind carry
		switch {
		case last:
			next = 0
		case math.IsInf(s.memo[to][rest].value, -1):
			continue
		case !s.goal.Latency:
			next = s.memo[to][rest].value
		}
		c.value = offer.rate(next)
		if s.goal.Latency {
			if c.value < s.goal.Offered {
				return
			}
			c.value = -latency
			if !last {
				c.value += s.memo[to][rest].value
			}
		}
		left := who + rest // the digits of sets have no carry
		s.memo[from][left] = better(s.memo[from][left], c)
	}
}

// parts are the devices of a set in a stage, and its latency; none: the layers are too large for one of them.
func (s *search) parts(who set, from, to int) (parts []part, latency float64) {
	parts = make([]part, 0, len(who))
	for k, count := range who {
		if count == 0 {
			continue
		}
		p, fits := s.places[k].part(from, to, s.goal.Help)
		if !fits {
			return nil, 0
		}
		p.count = float64(count)
		latency = max(latency, p.latency().Seconds())
		parts = append(parts, p)
	}
	return parts, latency
}

// stages are those of a choice. Of a kind, the devices are named in their order.
func (s *search) stages(c choice) (stages []Stage) {
	named := make([]int, len(s.kinds))
	for from := 0; from < len(s.cuts)-1; from, c = c.to, s.memo[c.to][c.rest] {
		stage := Stage{From: s.cuts[from]}
		for k, count := range s.sets[c.who] {
			stage.Devices = append(stage.Devices, s.kinds[k][named[k]:named[k]+count]...)
			named[k] += count
		}
		slices.Sort(stage.Devices)
		stages = append(stages, stage)
	}
	return stages
}

// why says why there is no plan.
func (s *search) why() string {
	if s.goal.Latency && s.goal.Offered > 0 {
		return fmt.Sprintf("no order of these devices carries %g frames a second within their memory", s.goal.Offered)
	}
	return "the weights are too large for the memory of these devices, wherever the network is cut"
}
