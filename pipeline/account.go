package pipeline

import "slices"

// What becomes of the frames that no ledger has, and of those that two have.

// MaxUnacknowledgedRanges is how many ranges of unacknowledged frames all entries of a run may have together. One takes
// 16 bytes in memory, and about 20 in a message.
const MaxUnacknowledgedRanges = maxRanges

// BoundUnacknowledged returns the entries with at most so many ranges of unacknowledged frames, in all of them together.
// The newest frames of each are kept, and entries that name fewer than they had are marked.
func BoundUnacknowledged(entries []Entry, ranges int) []Entry {
	for each := ranges; unacknowledgedRanges(entries) > ranges; each /= 2 {
		entries = slices.Clone(entries)
		for i := range entries {
			e := &entries[i]
			e.UnacknowledgedCut = e.UnacknowledgedCut || max(len(e.Unacknowledged), len(e.Denied)) > each
			e.Unacknowledged, e.Denied = e.Unacknowledged.newest(each), e.Denied.newest(each)
		}
	}
	return entries
}

func unacknowledgedRanges(entries []Entry) (n int) {
	for i := range entries {
		n += len(entries[i].Unacknowledged) + len(entries[i].Denied)
	}
	return n
}

// doubleCounted is how often an unacknowledged frame is counted as gone although it has arrived, or is counted by another
// node too.
func doubleCounted(nodes []Entry, arrived *window) (n int64) {
	counted := arrived.ids.Clone()
	for _, e := range nodes {
		denied := union(e.Denied)
		n += int64(counted.AndCardinality(denied))
		counted.Or(denied)
	}
	return n
}

// explain finds out which of the unaccounted frames went with a node that could say what became of them, and was started
// again or is missing: end forgets results that it has taken, and what is on another node dies with it. These can't be
// more than were handed over to a node and are known to none, and the unacknowledged ones:
//
//	Σ forwarded and finished above - Σ received below - delivered + Σ unacknowledged
//
// A client that is missing has handed over all that it has not told of. So a frame that gets lost on a node that is there
// from the beginning to the end stays unaccounted.
func (r *Report) explain() {
	var handed, taken, finished, unacknowledged int64
	var forgets, dies bool
	if !slices.ContainsFunc(r.Nodes, func(e Entry) bool { return e.Role == "client" }) {
		handed, dies = r.Frames, true
	}
	for _, e := range r.Nodes {
		unacknowledged += int64(union(e.Unacknowledged).GetCardinality())
		if e.Role == "end" {
			forgets = e.Restarted
			continue
		}
		dies = dies || e.Restarted || slices.ContainsFunc(e.Next, r.missing)
		handed += e.Forwarded + e.Finished
		finished += e.Finished
		if e.Role != "client" {
			taken += e.Received
		}
	}
	unknown := max(0, min(r.Unaccounted, handed-taken-r.Delivered+unacknowledged))
	switch {
	case forgets && dies:
		r.Forgotten = min(unknown, max(0, finished-r.Delivered))
		r.Died = unknown - r.Forgotten
	case forgets:
		r.Forgotten = unknown
	case dies:
		r.Died = unknown
	}
	r.Unaccounted -= r.Forgotten + r.Died
}

// missing reports whether a node has not brought its ledger.
func (r *Report) missing(address string) bool {
	return !slices.ContainsFunc(r.Nodes, func(e Entry) bool { return e.Address == address })
}
