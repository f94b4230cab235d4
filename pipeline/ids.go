package pipeline

import (
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// IDs is a set of frame ids as messages carry it: ranges [first, last] in rising order. Unacknowledged frames come in rows,
// so a few ranges hold many of them.
type IDs [][2]uint64

// maxRanges bounds a set. The oldest ids go for newer ones: windows forget these too.
const maxRanges = 1 << 15

// rangesOf lists the newest ids of a set.
func rangesOf(ids *roaring64.Bitmap) (s IDs) {
	for id := range roaring64.Backward(ids) {
		if n := len(s); n > 0 && s[n-1][0]-id == 1 {
			s[n-1][0] = id
		} else if n == maxRanges {
			break
		} else {
			s = append(s, [2]uint64{id, id})
		}
	}
	slices.Reverse(s)
	return s
}

// union is the set of the ids that are in any of the lists.
func union(lists ...IDs) *roaring64.Bitmap {
	ids := roaring64.New()
	for _, r := range slices.Concat(lists...) {
		ids.AddRange(r[0], r[1])
		ids.Add(r[1]) // which may be the last id there is
	}
	return ids
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
