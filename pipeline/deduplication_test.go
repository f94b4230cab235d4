package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// A call that was not answered stays unacknowledged, whatever a later one with the same frames is answered.
func TestRefusedRetryStaysUnacknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		end := sendFunc(func(context.Context, []Frame) ([]Feedback, error) {
			if calls++; calls == 1 {
				return nil, ErrUnreachable
			}
			return nil, ErrInvalidRun
		})
		var failed error
		h := StartHop(t.Context(), HopConfig{Sender: end, Window: 1, Persist: true, Done: func(_ []Frame, _ []Feedback, err error) { failed = err }})
		h.Out() <- Frame{}
		h.Close()
		h.Wait()
		if !unacknowledged(failed) {
			t.Errorf("error %v", failed)
		}
	})
}

// What becomes of frames that no ledger has depends on whether a node is known that took its ledger along.
func TestReportOfNodesThatWereStartedAgain(t *testing.T) {
	end := NodeID{Role: "end", Address: "e"}
	client := Entry{NodeID: NodeID{Role: "client"}, Outcomes: Outcomes{Received: 100, Forwarded: 95, Lost: 5}, Next: []string{"f"}}
	fast := Entry{NodeID: NodeID{Role: "fast", Address: "f"}, Outcomes: Outcomes{Received: 95, Refused: 5, Forwarded: 60, Finished: 30}, Next: []string{"s"}}
	slow := Entry{NodeID: NodeID{Role: "slow", Address: "s"}, Outcomes: Outcomes{Received: 60, Refused: 10, Finished: 50}}
	again := func(e Entry, received, finished int64) Entry {
		e.Restarted, e.Received, e.Finished, e.Refused, e.Forwarded = true, received, finished, 0, received-finished
		return e
	}
	for _, c := range []struct {
		name                         string
		nodes                        []Entry
		arrived                      uint64
		restarted                    bool // end
		forgotten, died, unaccounted int64
	}{
		{"all well", []Entry{client, fast, slow}, 80, false, 0, 0, 0},
		{"frames vanish", []Entry{client, fast, slow}, 77, false, 0, 0, 3},
		{"end", []Entry{client, fast, slow}, 20, true, 60, 0, 0},
		{"slow", []Entry{client, fast, again(slow, 20, 20)}, 60, false, 0, 30, 0},
		{"slow, and frames vanish on fast", []Entry{client, {NodeID: fast.NodeID, Outcomes: Outcomes{Received: 95, Refused: 1, Forwarded: 60, Finished: 30}}, again(slow, 20, 20)}, 60, false, 0, 30, 4},
		{"slow and end", []Entry{client, fast, again(slow, 20, 20)}, 25, true, 25, 40, 0},
		{"fast", []Entry{client, again(fast, 40, 10), {NodeID: slow.NodeID, Outcomes: Outcomes{Received: 50, Refused: 5, Finished: 45}}}, 70, false, 0, 20, 0},
		{"slow is missing", []Entry{client, fast}, 60, false, 0, 30, 0},
		{"the client is missing", []Entry{fast, slow}, 80, false, 0, 5, 0},
		{"the client is missing, and frames vanish", []Entry{fast, slow}, 77, false, 0, 8, 0},
		{"client and fast are missing", []Entry{slow}, 80, false, 0, 10, 0},
	} {
		r := NewRecorder(Run{ID: "r", Frames: 100})
		for id := range c.arrived {
			r.Add(result(id, NoLabel, 1))
		}
		rep := r.Close(Entry{NodeID: end, Restarted: c.restarted}, c.nodes)
		if rep.Forgotten != c.forgotten || rep.Died != c.died || rep.Unaccounted != c.unaccounted {
			t.Errorf("%s: %d forgotten, %d died, %d unaccounted, want %d, %d, %d",
				c.name, rep.Forgotten, rep.Died, rep.Unaccounted, c.forgotten, c.died, c.unaccounted)
		}
	}
}

func TestIDs(t *testing.T) {
	s := rangesOf(roaring64.BitmapOf(5, 7, 6, 6, 1, 0, 9, 8, 1<<64-1, 1<<64-2))
	if text, _ := json.Marshal(s); string(text) != "[[0,1],[5,9],[18446744073709551614,18446744073709551615]]" {
		t.Errorf("%s", text)
	}
	all := union(s)
	if all.GetCardinality() != 9 || s.has(2) || !s.has(7) || !s.has(1<<64-1) {
		t.Errorf("%v", s)
	}
	for id := range roaring64.Values(all) {
		if !s.has(id) {
			t.Errorf("%d is new", id)
		}
	}
	for _, bad := range [][]uint64{{2, 1}, {0, 5, 5, 6}, {4, 5, 1, 2}, {0, 4194304}, {0, 4194302, 4194304, 4194305}, {0, 18446744073709551615}, {5}} {
		if _, err := NewIDs(bad); !errors.Is(err, ErrInvalidRun) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	if s, err := NewIDs([]uint64{0, 4194303}); err != nil || union(s).GetCardinality() != windowSize {
		t.Errorf("%v, %v", s, err)
	}
}

// What does not fit into a set are the oldest frames, in whatever order they come.
func TestIDsKeepTheNewest(t *testing.T) {
	var w window
	for id := range uint64(maxRanges + 100) {
		w.add(10 * id)
	}
	w.add(5)
	s := rangesOf(&w.ids)
	if len(s) != maxRanges || s.has(5) || s.has(990) || !s.has(1000) || !s.has(10*(maxRanges+99)) {
		t.Errorf("%d ranges from %v to %v", len(s), s[0], s[len(s)-1])
	}
}

func TestBoundUnacknowledged(t *testing.T) {
	set := func(ranges int) (s IDs) {
		for id := range uint64(ranges) {
			s = append(s, [2]uint64{2 * id, 2 * id})
		}
		return s
	}
	entries := []Entry{{Unacknowledged: set(1000), Denied: set(10)}, {}, {Denied: set(400)}}
	if got := BoundUnacknowledged(entries, 1410); &got[0] != &entries[0] {
		t.Error("entries that fit are changed")
	}
	got := BoundUnacknowledged(entries, 100)
	if n := unacknowledgedRanges(got); n > 100 || n < 50 {
		t.Errorf("%d ranges are left", n)
	}
	if !got[0].UnacknowledgedCut || got[1].UnacknowledgedCut || !got[2].UnacknowledgedCut || entries[0].UnacknowledgedCut {
		t.Errorf("what was cut is not marked: %v, %v, %v", got[0].UnacknowledgedCut, got[1].UnacknowledgedCut, got[2].UnacknowledgedCut)
	}
	if len(got[0].Denied) != 10 || !got[0].Unacknowledged.has(1998) || !got[2].Denied.has(798) {
		t.Errorf("%+v", got)
	}
	if unacknowledgedRanges(entries) != 1410 {
		t.Error("the entries themselves are changed")
	}
	if n := unacknowledgedRanges(BoundUnacknowledged(entries, 0)); n != 0 {
		t.Errorf("%d ranges of 0", n)
	}
}

func FuzzIDs(f *testing.F) {
	f.Add([]byte{5, 7, 6, 1, 0})
	f.Fuzz(func(t *testing.T, ids []byte) {
		var w window
		want := make(map[uint64]bool)
		for _, id := range ids {
			w.add(uint64(id))
			want[uint64(id)] = true
		}
		s := rangesOf(&w.ids)
		for id := range uint64(257) {
			if s.has(id) != want[id] {
				t.Fatalf("%v of %v: %d", s, ids, id)
			}
		}
		for i := 1; i < len(s); i++ {
			if s[i][0] <= s[i-1][1]+1 {
				t.Fatalf("%v of %v", s, ids)
			}
		}
	})
}

func (s IDs) has(id uint64) bool {
	return slices.ContainsFunc(s, func(r [2]uint64) bool { return r[0] <= id && id <= r[1] })
}
