package pipeline

import (
	"math"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

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
