package placement

import (
	"math"
	"slices"
)

// alike is by how much the times of devices of one kind may differ: a measurement differs as much from the next one.
const alike = 0.03

// kinds are the devices that are alike, in the order of the fleet.
func kinds(fleet []Device) (kinds [][]int) {
	for i, d := range fleet {
		k := slices.IndexFunc(kinds, func(k []int) bool { return difference(fleet[k[0]], d) <= alike })
		if k < 0 {
			kinds = append(kinds, []int{i})
		} else {
			kinds[k] = append(kinds[k], i)
		}
	}
	return kinds
}

// difference is by what share two devices differ.
func difference(a, b Device) float64 {
	apart := 0.0
	for i := range a.Layers {
		apart += math.Abs((a.Layers[i] - b.Layers[i]).Seconds())
	}
	apart /= whole(a)
	for _, pair := range [][2]float64{{float64(a.Memory), float64(b.Memory)}, {a.Link.Send, b.Link.Send}, {a.Link.Receive, b.Link.Receive}} {
		if most := max(pair[0], pair[1]); most > 0 {
			apart = max(apart, math.Abs(pair[0]-pair[1])/most)
		}
	}
	return max(apart, math.Abs((a.Link.Delay-b.Link.Delay).Seconds())/whole(a))
}

// merge takes the two kinds that differ least for one.
func merge(kinds [][]int, fleet []Device) [][]int {
	into, from, nearest := 0, 1, math.Inf(1)
	for i, a := range kinds {
		for j, b := range kinds[:i] {
			if d := difference(fleet[b[0]], fleet[a[0]]); d < nearest {
				into, from, nearest = j, i, d
			}
		}
	}
	kinds[into] = append(kinds[into], kinds[from]...)
	return slices.Delete(kinds, from, from+1)
}

// set is how many devices of each kind.
type set []int

// sets are all that there are, each at the place that its counts are the digits of, the first kind's the lowest.
func sets(kinds [][]int) (all []set) {
	count := make(set, len(kinds))
	for {
		all = append(all, slices.Clone(count))
		k := 0
		for ; k < len(kinds) && count[k] == len(kinds[k]); k++ {
			count[k] = 0
		}
		if k == len(kinds) {
			return all
		}
		count[k]++
	}
}

func (s set) size() (devices int) {
	for _, n := range s {
		devices += n
	}
	return devices
}

// beside reports whether there are enough devices for both.
func (s set) beside(other, all set) bool {
	for k, n := range s {
		if n+other[k] > all[k] {
			return false
		}
	}
	return true
}

// pairs is how many sets there are with a set within each.
func pairs(kinds [][]int) int {
	n := 1.0
	for _, k := range kinds {
		n *= float64((len(k) + 1) * (len(k) + 2) / 2)
	}
	return int(min(n, math.MaxInt32))
}

// cuts are the first layer, at most so many boundaries, and the end. Where there are too many, the one with the fewest bytes
// stands for those around it, between which the devices take the same time.
func cuts(n Network, fleet []Device, most int) []int {
	layers := len(n.Weights)
	inner := make([]int, 0, layers)
	for c := 1; c < layers; c++ {
		if n.Bytes[c] >= 0 {
			inner = append(inner, c)
		}
	}
	if len(inner) > most {
		inner = thinned(inner, n, fleet, most)
	}
	return append(append([]int{0}, inner...), layers)
}

func thinned(inner []int, n Network, fleet []Device, most int) (kept []int) {
	before := make([]float64, len(n.Weights)+1) // the share of the time before each cut, of all devices
	for _, d := range fleet {
		all := whole(d)
		for i, t := range d.Layers {
			before[i+1] += t.Seconds() / all / float64(len(fleet))
		}
	}
	shares := make([]float64, len(before))
	for i := 1; i < len(before); i++ {
		shares[i] = shares[i-1] + before[i]
	}
	span := func(c int) int { return int(shares[c] * float64(most) * (1 - 1e-9)) }
	for _, c := range inner {
		last := len(kept) - 1
		switch {
		case last < 0 || span(c) != span(kept[last]):
			kept = append(kept, c)
		case n.Bytes[c] < n.Bytes[kept[last]]:
			kept[last] = c
		}
	}
	return kept
}

// whole is what a device takes for the network, in seconds.
func whole(d Device) (all float64) {
	for _, l := range d.Layers {
		all += l.Seconds()
	}
	return max(all, least)
}
