package pipeline

import (
	"fmt"
	"iter"
	"slices"
)

// IDs is a set of frame ids, as ranges [first, last] in rising order. Unacknowledged frames come in rows, so a few
// ranges hold many of them.
type IDs [][2]uint64

// maxRanges bounds a set. The oldest ids go for newer ones: windows forget these too.
const maxRanges = 1 << 15

// add puts an id into the set.
func (s *IDs) add(id uint64) {
	// The first range that ends where the id could still join it, or beyond.
	i, _ := slices.BinarySearchFunc(*s, id, func(r [2]uint64, id uint64) int {
		if r[1] < id && id-r[1] > 1 {
			return -1
		}
		return 1
	})
	r := *s
	switch {
	case i < len(r) && r[i][0] <= id && id <= r[i][1]:
	case i < len(r) && r[i][1] < id:
		r[i][1] = id
		if i+1 < len(r) && r[i+1][0]-id == 1 { // the gap between two is closed
			r[i][1] = r[i+1][1]
			*s = slices.Delete(r, i+1, i+2)
		}
	case i < len(r) && r[i][0]-id == 1:
		r[i][0] = id
	default:
		*s = slices.Insert(r, i, [2]uint64{id, id}).newest(maxRanges)
	}
}

// newest returns the newest ids, in at most so many ranges.
func (s IDs) newest(ranges int) IDs { return s[max(0, len(s)-ranges):] }

// NewIDs makes a set of the first and the last id of each range, in rising order. It may hold no more than a window does.
func NewIDs(flat []uint64) (s IDs, err error) {
	if len(flat)%2 != 0 {
		return nil, fmt.Errorf("%w: the last range of ids has no end", ErrInvalidRun)
	}
	n := uint64(0)
	for i := 1; i < len(flat); i += 2 {
		first, last := flat[i-1], flat[i]
		if last < first || i > 1 && first <= flat[i-2] || last-first >= windowSize-n {
			return nil, fmt.Errorf("%w: %d to %d is no range of ids that rise, of %d at most", ErrInvalidRun, first, last, windowSize)
		}
		n += last - first + 1
		s = append(s, [2]uint64{first, last})
	}
	return s, nil
}

// all returns the ids in rising order.
func (s IDs) all() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for _, r := range s {
			for id := r[0]; ; id++ {
				if !yield(id) {
					return
				}
				if id == r[1] { // which may be the last id there is
					break
				}
			}
		}
	}
}

// bounded leaves out the sets that follow when there are more ids than a window holds: they come from other nodes, and
// each id is looked at.
func bounded(sets []IDs) []IDs {
	n := int64(0)
	for i, s := range sets {
		if n += s.size(); n > windowSize {
			return sets[:i]
		}
	}
	return sets
}

// size is the number of ids.
func (s IDs) size() (n int64) {
	for _, r := range s {
		n += int64(r[1]-r[0]) + 1
	}
	return n
}
