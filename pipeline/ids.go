package pipeline

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// IDs is a set of frame ids as messages carry it: ranges [first, last] in rising order. Frames that end alike often come
// in rows, so a few ranges hold many of them.
type IDs [][2]uint64

// maxRanges bounds a set. The oldest ids go for newer ones: windows forget these too.
const maxRanges = 1 << 17

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
	const short = 64 // to add a range is a walk over all that are there
	ids := roaring64.New()
	var few []uint64
	for _, r := range slices.Concat(lists...) {
		if r[1]-r[0] >= short {
			ids.AddRange(r[0], r[1])
			ids.Add(r[1]) // which may be the last id there is
			continue
		}
		for id := r[0]; ; id++ {
			few = append(few, id)
			if id == r[1] {
				break
			}
		}
	}
	ids.AddMany(few)
	return ids
}

// Len is how many ids are in the set.
func (s IDs) Len() (n int) {
	for _, r := range s {
		n += int(r[1]-r[0]) + 1
	}
	return n
}

// newest returns the newest ids, in at most so many ranges.
func (s IDs) newest(ranges int) IDs { return s[max(0, len(s)-ranges):] }

// latest returns the newest ids, so many at most. It may share memory with the set, which it leaves as it is.
func (s IDs) latest(frames uint64) IDs {
	for i, r := range slices.Backward(s) {
		if n := r[1] - r[0] + 1; n < frames {
			frames -= n
			continue
		}
		s = slices.Clone(s[i:])
		s[0][0] = s[0][1] - frames + 1
		break
	}
	return s
}

// covered returns all ids in at most so many ranges: where they are more, the first range covers the oldest, with others
// between them.
func (s IDs) covered(ranges int) IDs {
	if len(s) <= ranges || ranges == 0 {
		return s.newest(ranges)
	}
	all := slices.Clone(s.newest(ranges))
	all[0][0] = s[0][0]
	return all
}

// String lists the ids, as in 0-3,7.
func (s IDs) String() string {
	var text []byte
	for i, r := range s {
		if i > 0 {
			text = append(text, ',')
		}
		if text = strconv.AppendUint(text, r[0], 10); r[1] > r[0] {
			text = strconv.AppendUint(append(text, '-'), r[1], 10)
		}
	}
	return string(text)
}

// Steps lists the ranges as messages carry them, in small numbers: for each the distance of its first id from the last one
// before, and that of its own last from its first.
func (s IDs) Steps() (steps []uint64) {
	at := uint64(0)
	for _, r := range s {
		steps = append(steps, r[0]-at, r[1]-r[0])
		at = r[1]
	}
	return steps
}

// NewIDs makes a set of the steps from each id to the next. Their ids may be as far apart as those of a run are.
func NewIDs(steps []uint64) (s IDs, err error) {
	if len(steps)%2 != 0 {
		return nil, fmt.Errorf("%w: the last range of ids has no end", ErrInvalidRun)
	}
	at, n := uint64(0), uint64(0)
	for i := 1; i < len(steps); i += 2 {
		gap, more := steps[i-1], steps[i]
		if i > 1 && gap == 0 || gap > math.MaxUint64-at || more > math.MaxUint64-at-gap || more >= 2*far-n {
			return nil, fmt.Errorf("%w: a range of %d ids, %d after the last, is none: ids have to rise, and %d of them are allowed", ErrInvalidRun, more, gap, 2*far)
		}
		n += more + 1
		s = append(s, [2]uint64{at + gap, at + gap + more})
		at += gap + more
	}
	return s, nil
}

// window remembers which ids have come, in bounded memory. Only an id that is remembered counts as seen: a stray frame,
// or a peer that means harm, can't make a run's frames look as if they had come already.
//
//	     the run's, half of them on each side of its middle                a stray's
//	─────┤░░░ the oldest go first ░░░░░░│░░░░░░░░░░░░░░░░░░░░┤──────────────────│────▶ ids
type window struct {
	ids   roaring64.Bitmap
	added int
}

const (
	// windowSize is how many frames in a row are remembered for certain: 35 hours at 33 frames a second.
	windowSize = 1 << 22
	// windowBytes is what they take: a bit each, and the memory for as many is freed at once.
	windowBytes = 2 * windowSize / 8
	// trimEach is after how many ids a window is brought back to its size.
	trimEach = 1 << 12
	// far is the distance from the middle of a run's ids at which others are none of the run's.
	far = 1 << 27
)

// add reports whether the id is new, and remembers it.
func (w *window) add(id uint64) bool {
	if !w.ids.CheckedAdd(id) {
		return false
	}
	if w.added++; w.added%trimEach == 0 {
		w.trim()
	}
	return true
}

// trim forgets strays, and the older half of the run's ids where all are too many.
func (w *window) trim() {
	first, middle, last := w.run()
	w.ids.RemoveRange(0, first)
	w.ids.RemoveRange(last, math.MaxUint64)
	if w.ids.GetSizeInBytes() > windowBytes {
		w.ids.RemoveRange(0, middle)
	}
}

// newest is the highest id of the run, or 0.
func (w *window) newest() uint64 {
	_, _, last := w.run()
	id, _ := w.ids.Select(max(w.ids.Rank(last), 1) - 1)
	return id
}

// run is where the run's ids are, which are more than the strays: around the middle one of all.
func (w *window) run() (first, middle, last uint64) {
	middle, _ = w.ids.Select(w.ids.GetCardinality() / 2)
	return middle - min(middle, far), middle, middle + min(math.MaxUint64-middle, far)
}
