package pipeline

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// LastSeen says where some frames that have not arrived were seen last.
type LastSeen struct {
	NodeID
	// Cause is what became of them there: they are gone (refused, dropped, expired or lost), died with the node, or were
	// forgotten by it. Nobody tells of those that are unaccounted.
	Cause  string `json:"cause"`
	Frames string `json:"frames"` // the newest, as in 0-3,7
}

// The causes for which frames have not arrived.
const (
	Gone        = "gone"
	Died        = "died"
	Forgotten   = "forgotten"
	Unaccounted = "unaccounted"
)

// seenRanges is how many ranges of ids are told for each node.
const seenRanges = 256

// lastSeen lists the frames that have not arrived, each once, by the node where it was last seen. It begins at the end of the
// pipeline, as a frame that two nodes count as gone got further than to the first.
func (t *trails) lastSeen(entries []Entry, frames int64) (seen []LastSeen) {
	told := t.arrived.Clone()
	tell := func(node NodeID, cause string, ids *roaring64.Bitmap) {
		ids.AndNot(told)
		told.Or(ids)
		if list := rangesOf(ids).newest(seenRanges); len(list) > 0 {
			seen = append(seen, LastSeen{node, cause, list.String()})
		}
	}
	there := lives(entries)
	for _, e := range slices.Backward(entries) {
		for _, h := range e.Handed {
			ids := union(h.Frames)
			switch {
			case there[h.Life]:
				continue
			case h.Role == "end":
				ids.And(t.forgotten)
				tell(h.NodeID, Forgotten, ids)
			default:
				ids.And(t.died)
				tell(h.NodeID, Died, ids)
			}
		}
		tell(e.NodeID, Gone, union(e.GoneIDs))
	}
	all := roaring64.New()
	if frames > 0 && !t.cut {
		all.AddRange(uint64(frames)-min(uint64(frames), windowSize), uint64(frames))
	}
	tell(NodeID{}, Unaccounted, all)
	return seen
}

// Missing are the nodes that the entries name as next ones, and that have none.
func Missing(entries []Entry) (nodes []NodeID) {
	for _, e := range entries {
		role := "slow"
		if e.Role == "client" {
			role = "fast"
		}
		for _, address := range e.Next {
			id := NodeID{role, address}
			if !slices.ContainsFunc(entries, func(e Entry) bool { return e.Address == address }) && !slices.Contains(nodes, id) {
				nodes = append(nodes, id)
			}
		}
	}
	return nodes
}
