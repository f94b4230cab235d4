package pipeline

import (
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// Trail is what a program remembers of single frames: which it has received, and which life of which neighbour has taken
// them from it. The counts of a ledger are all that is needed as long as every call is answered and every ledger arrives.
// Where an answer is lost the frame is sent again (at least once), and two nodes may count it; where a node dies its ledger
// is missing. Ids tell.
//
//	received ──┬──▶ handed to a life of a neighbour: a set for each
//	           └──▶ handed to nobody: here, and gone once nothing is here any more
type Trail struct {
	mu       sync.Mutex
	received window
	handed   []*handed // the lives of one neighbour in their order
}

// handed are the frames that one life of a neighbour has taken.
type handed struct {
	to     NodeID
	life   string
	frames window
}

// Handover tells which frames one life of a neighbour has taken from a program.
type Handover struct {
	NodeID
	Life   string
	Frames IDs
}

const (
	// maxLives is how many lives of one neighbour are told apart; all older ones are one.
	maxLives = 4
	// earlier is what these are called. They count as dead: of a frame that went to one that was not, others know.
	earlier = "earlier"
)

// Receive remembers a frame that has come.
func (t *Trail) Receive(id uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.received.add(id)
}

// has reports whether a frame has come.
func (t *Trail) has(id uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.received.ids.Contains(id)
}

// Hand remembers frames that a life of a neighbour has taken.
func (t *Trail) Hand(to NodeID, life string, frames ...Frame) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.find(to, life)
	if h == nil {
		h = &handed{to: to, life: life}
		t.handed = append(t.handed, h)
		t.bound(to)
	}
	for i := range frames {
		h.frames.add(frames[i].ID)
	}
}

// find returns the set of a life; nil: it has taken nothing. Call it with t.mu held.
func (t *Trail) find(to NodeID, life string) *handed {
	for _, h := range t.handed {
		if h.life == life && h.to == to {
			return h
		}
	}
	return nil
}

// bound makes one of the two oldest lives of a neighbour that has had too many. Call it with t.mu held.
func (t *Trail) bound(to NodeID) {
	var lives []int
	for i, h := range t.handed {
		if h.to == to {
			lives = append(lives, i)
		}
	}
	if len(lives) <= maxLives {
		return
	}
	oldest, next := t.handed[lives[0]], t.handed[lives[1]]
	oldest.life = earlier
	oldest.frames.ids.Or(&next.frames.ids)
	oldest.frames.trim()
	t.handed = slices.Delete(t.handed, lives[1], lives[1]+1)
}

// takeBack makes frames the program's own again.
func (t *Trail) takeBack(to NodeID, life string, frames []Frame) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if h := t.find(to, life); h != nil {
		for i := range frames {
			h.frames.ids.Remove(frames[i].ID)
		}
	}
}

// Tell writes into the program's entry what ids tell. Ask when nothing is here any more. Of the frames that are gone, and
// too many to be named, the newest are named, and those that the entries above have no certain answer for.
func (t *Trail) Tell(e *Entry, above ...Entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	gone := t.received.ids.Clone()
	for _, h := range t.handed {
		gone.AndNot(&h.frames.ids)
		ids := rangesOf(&h.frames.ids)
		e.IDsCut = e.IDsCut || len(ids) == maxRanges
		e.Handed = append(e.Handed, Handover{h.to, h.life, ids})
	}
	if e.GoneIDs = rangesOf(gone); len(e.GoneIDs) < maxRanges {
		return
	}
	e.IDsCut = true
	unsettled := unanswered(above)
	unsettled.And(gone)
	unsettled.Or(union(e.GoneIDs.newest(maxRanges / 2)))
	e.GoneIDs = rangesOf(unsettled)
}

// unanswered are the frames that those above count as gone, and those that they have handed to lives that they have no entry
// of.
func unanswered(above []Entry) *roaring64.Bitmap {
	there := lives(above)
	var all []IDs
	for _, e := range above {
		all = append(all, e.GoneIDs)
		for _, h := range e.Handed {
			if !there[h.Life] {
				all = append(all, h.Frames)
			}
		}
	}
	return union(all...)
}
