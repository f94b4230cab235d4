package transport

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"tandem/pipeline"
)

// scattered are frames no two of which are neighbours.
func scattered(ranges int, first uint64) (s pipeline.IDs) {
	for i := range uint64(ranges) {
		s = append(s, [2]uint64{first + 2*i, first + 2*i})
	}
	return s
}

// However many frames are gone or handed over, and on however many nodes, a run can be closed, and a node that leaves it has its
// last word; what is left out are the oldest, and that it was is known.
func TestClosingHoldsWhatFits(t *testing.T) {
	const newest = 1<<63 + 2*100_000
	var nodes []pipeline.Entry
	for _, role := range []string{"client", "fast", "slow"} {
		ids := scattered(100_000, newest-2*100_000+2)
		nodes = append(nodes, pipeline.Entry{NodeID: pipeline.NodeID{Role: role}, Outcomes: pipeline.Outcomes{Lost: 7}, GoneIDs: ids, Handed: []pipeline.Handover{{Life: role, Frames: ids}}})
	}
	for _, maxBody := range []int{16 << 10, 1 << 20, 64 << 20} {
		n := &fakeNode{report: pipeline.Report{Run: "r"}, nodes: nodes}
		c := NewClient(serve(t, n, maxBody), Limits{Dial: time.Minute, Call: time.Minute, Window: 1, MaxBody: maxBody}, nil)
		if _, err := c.Close(t.Context(), Closing{Run: "r", From: "me", Nodes: nodes, Notes: []string{"odd"}}); err != nil {
			t.Errorf("--max-body %d: %v", maxBody, err)
			continue
		}
		pushed, err := c.Push(t.Context(), Pushing{Run: "r", From: "me"})
		if err != nil || !pushed.Left || len(pushed.Nodes) != len(nodes) {
			t.Errorf("--max-body %d: %v, left %v, %d nodes", maxBody, err, pushed.Left, len(pushed.Nodes))
		}
		for i, e := range append(n.closing.Nodes, pushed.Nodes...) {
			least := min(maxBody, 1<<20) / 1000
			if i >= len(nodes) { // an answer has half the room
				least /= 2
			}
			last := e.GoneIDs[len(e.GoneIDs)-1]
			handed := e.Handed[0].Frames
			if len(e.GoneIDs) < least || last != [2]uint64{newest, newest} || !e.IDsCut || e.Lost != 7 || len(handed) != len(e.GoneIDs) || handed[0][0] != nodes[0].GoneIDs[0][0] {
				t.Errorf("--max-body %d: %v, %d ranges up to %v, cut %v", maxBody, e.NodeID, len(e.GoneIDs), last, e.IDsCut)
			}
		}
	}
	if len(nodes[0].GoneIDs) != 100_000 || nodes[0].IDsCut {
		t.Error("the entries themselves are changed")
	}
}

// A closing is as large as its bound says, and what fits is whole.
func TestClosingIsCutOnlyWhereItHasTo(t *testing.T) {
	c := Closing{Run: "r", From: "me", Nodes: []pipeline.Entry{{NodeID: pipeline.NodeID{Role: "client"}, GoneIDs: scattered(1000, 0)}}}
	for _, most := range []int{1 << 20, 3 << 9, 1 << 9} {
		m, err := closingToWire(c, most)
		if err != nil {
			t.Fatal(err)
		}
		e, err := ledgerFromWire(proto.CloneOf(m).GetNodes()[0])
		if err != nil {
			t.Fatal(err)
		}
		whole := len(e.GoneIDs) == 1000
		if size := proto.Size(m); size > most || whole != (most == 1<<20) || whole == e.IDsCut || len(e.GoneIDs) == 0 {
			t.Errorf("%d ranges in %d of %d bytes, cut %v", len(e.GoneIDs), size, most, e.IDsCut)
		}
	}
}
