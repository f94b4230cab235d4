package pipeline

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// What becomes of the frames that no ledger has, and of those that two have.

// MaxRanges is how many ranges of frame ids all entries of a run may have together. One takes 16 bytes in memory, and
// about 4 in a message.
const MaxRanges = maxRanges

// BoundIDs returns the entries with at most so many ranges of ids, in all of them together. The newest frames of each set are
// kept. Of those that were handed over the older ones become one range: a life that died has taken at least these along. An
// entry that names other frames than it had is marked.
func BoundIDs(entries []Entry, ranges int) []Entry {
	for each := ranges; rangesIn(entries) > ranges; each /= 2 {
		entries = slices.Clone(entries)
		for i := range entries {
			e := &entries[i]
			e.IDsCut = e.IDsCut || len(e.GoneIDs) > each
			e.GoneIDs = e.GoneIDs.newest(each)
			e.Handed = slices.Clone(e.Handed)
			for j := range e.Handed {
				h := &e.Handed[j]
				e.IDsCut = e.IDsCut || len(h.Frames) > each
				h.Frames = h.Frames.covered(each)
			}
		}
	}
	return entries
}

func rangesIn(entries []Entry) (n int) {
	for i := range entries {
		n += len(entries[i].GoneIDs)
		for _, h := range entries[i].Handed {
			n += len(h.Frames)
		}
	}
	return n
}

// lives are those that have an entry.
func lives(entries []Entry) map[string]bool {
	there := make(map[string]bool)
	for _, e := range entries {
		there[e.Life] = true
	}
	return there
}

// doubleCounted is how often a frame is counted as gone although it has arrived, or is counted by another node too.
func doubleCounted(nodes []Entry, arrived *window) (n int64) {
	counted := arrived.ids.Clone()
	for _, e := range nodes {
		gone := union(e.GoneIDs)
		n += int64(counted.AndCardinality(gone))
		counted.Or(gone)
	}
	return n
}

// trails is what the ids in all entries of a run say together.
type trails struct {
	arrived   *roaring64.Bitmap
	gone      *roaring64.Bitmap // on any node that tells
	handed    *roaring64.Bitmap // to anybody
	forgotten *roaring64.Bitmap // by lives of end that don't tell; not arrived, nor gone
	died      *roaring64.Bitmap // with other lives that don't tell; none of the above
	cut       bool              // some ids are left out
}

// follow finds the frames of which only lives without an entry could say what became. What is handed to a life of end that
// was killed has reached end, and is forgotten; what is handed to another life has died with it, unless it was seen
// further on. So a frame that gets lost on a node that tells what it did stays unaccounted.
func follow(nodes []Entry, arrived *window) trails {
	t := trails{&arrived.ids, roaring64.New(), roaring64.New(), roaring64.New(), roaring64.New(), false}
	there := lives(nodes)
	for _, e := range nodes {
		t.cut = t.cut || e.IDsCut
		t.gone.Or(union(e.GoneIDs))
		for _, h := range e.Handed {
			ids := union(h.Frames)
			t.handed.Or(ids)
			switch {
			case there[h.Life]:
			case h.Role == "end":
				t.forgotten.Or(ids)
			default:
				t.died.Or(ids)
			}
		}
	}
	t.forgotten.AndNot(t.arrived)
	t.forgotten.AndNot(t.gone)
	t.died.AndNot(t.arrived)
	t.died.AndNot(t.gone)
	t.died.AndNot(t.forgotten)
	return t
}

// known is the number of frames that anybody tells of.
func (t *trails) known() int64 {
	return int64(roaring64.FastOr(t.arrived, t.gone, t.handed).GetCardinality())
}

// explain says what became of the frames that no ledger has. A client that is missing has taken along what it has handed
// to nobody that tells. Where some ids are left out, counts bound what they say.
func (r *Report) explain(t *trails) {
	r.Forgotten, r.Died = int64(t.forgotten.GetCardinality()), int64(t.died.GetCardinality())
	if !slices.ContainsFunc(r.Nodes, func(e Entry) bool { return e.Role == "client" }) {
		r.Died += max(0, r.Frames-t.known())
	}
	if t.cut {
		r.Forgotten = min(r.Forgotten, max(0, r.Unaccounted))
		r.Died = min(r.Died, max(0, r.Unaccounted-r.Forgotten))
	}
	r.Unaccounted -= r.Forgotten + r.Died
}
