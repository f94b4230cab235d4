package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"tandem/strategy"
)

// What becomes of frames that no ledger has is told by who handed them to whom, one by one.
func TestReportOfLivesThatDoNotTell(t *testing.T) {
	ids := func(from, to uint64) IDs { return IDs{{from, to}} }
	slow := NodeID{"slow", "s"}
	handed := func(role, life string, frames IDs) Handover { return Handover{NodeID{role, role[:1]}, life, frames} }
	client := Entry{NodeID: NodeID{Role: "client"}, Life: "c", Outcomes: Outcomes{Received: 100, Forwarded: 95, Lost: 5}, Next: []string{"f"},
		GoneIDs: ids(95, 99), Handed: []Handover{handed("fast", "f1", ids(0, 94))}}
	fast := Entry{NodeID: NodeID{"fast", "f"}, Life: "f1", Outcomes: Outcomes{Received: 95, Refused: 5, Forwarded: 60, Finished: 30}, Next: []string{"s"},
		GoneIDs: ids(90, 94), Handed: []Handover{handed("slow", "s1", ids(0, 59)), handed("end", "e1", ids(60, 89))}}
	slow1 := Entry{NodeID: slow, Life: "s1", Outcomes: Outcomes{Received: 60, Refused: 10, Finished: 50},
		GoneIDs: ids(50, 59), Handed: []Handover{handed("end", "e1", ids(0, 49))}}
	// Another life of slow has the last 20 frames, and has handed on all of them.
	slow2 := Entry{NodeID: slow, Life: "s2", Restarted: true, Outcomes: Outcomes{Received: 20, Finished: 20}, Handed: []Handover{handed("end", "e1", ids(40, 59))}}
	fastTwice := fast
	fastTwice.Handed = []Handover{handed("slow", "s1", ids(0, 39)), handed("slow", "s2", ids(40, 59)), handed("end", "e1", ids(60, 89))}
	// Another life of fast has the frames from 50 on, and slow those of both.
	clientTwice := client
	clientTwice.Handed = []Handover{handed("fast", "f0", ids(0, 49)), handed("fast", "f1", ids(50, 94))}
	fast2 := Entry{NodeID: fast.NodeID, Life: "f1", Restarted: true, Outcomes: Outcomes{Received: 45, Refused: 5, Forwarded: 10, Finished: 30}, Next: []string{"s"},
		GoneIDs: ids(90, 94), Handed: []Handover{handed("slow", "s1", ids(50, 59)), handed("end", "e1", ids(60, 89))}}
	slowOfBoth := Entry{NodeID: slow, Life: "s1", Outcomes: Outcomes{Received: 50, Refused: 5, Finished: 45},
		GoneIDs: ids(5, 9), Handed: []Handover{handed("end", "e1", IDs{{0, 4}, {20, 59}})}}

	for _, c := range []struct {
		name                         string
		nodes                        []Entry
		arrived                      IDs
		end                          string
		forgotten, died, unaccounted int64
		seen                         string // of the frames that have not arrived
	}{
		{"all well", []Entry{client, fast, slow1}, IDs{{0, 49}, {60, 89}}, "e1", 0, 0, 0, "slow gone 50-59, fast gone 90-94, client gone 95-99"},
		{"frames vanish", []Entry{client, fast, slow1}, IDs{{0, 46}, {60, 89}}, "e1", 0, 0, 3, "slow gone 50-59, fast gone 90-94, client gone 95-99,  unaccounted 47-49"},
		{"end", []Entry{client, fast, slow1}, IDs{{40, 49}, {80, 89}}, "e2", 60, 0, 0, "end forgotten 0-39, slow gone 50-59, end forgotten 60-79, fast gone 90-94, client gone 95-99"},
		{"slow", []Entry{client, fastTwice, slow2}, IDs{{5, 14}, {40, 89}}, "e1", 0, 30, 0, "slow died 0-4,15-39, fast gone 90-94, client gone 95-99"},
		{"slow, and a frame vanishes on it later", []Entry{client, fastTwice, slow2}, IDs{{5, 14}, {40, 47}, {49, 89}}, "e1", 0, 30, 1, "slow died 0-4,15-39, fast gone 90-94, client gone 95-99,  unaccounted 48"},
		{"slow, and frames vanish on fast", []Entry{client, fastTwice, slow2}, IDs{{0, 59}, {62, 89}}, "e1", 0, 0, 2, "fast gone 90-94, client gone 95-99,  unaccounted 60-61"},
		{"slow and end", []Entry{client, fastTwice, slow2}, IDs{{50, 59}}, "e2", 40, 40, 0, "end forgotten 40-49, slow died 0-39, end forgotten 60-89, fast gone 90-94, client gone 95-99"},
		{"fast", []Entry{clientTwice, fast2, slowOfBoth}, IDs{{0, 4}, {20, 89}}, "e1", 0, 10, 0, "slow gone 5-9, fast gone 90-94, fast died 10-19, client gone 95-99"},
		{"slow is missing", []Entry{client, fast}, IDs{{0, 29}, {60, 89}}, "e1", 0, 30, 0, "slow died 30-59, fast gone 90-94, client gone 95-99"},
		{"the client is missing", []Entry{fast, slow1}, IDs{{0, 49}, {60, 89}}, "e1", 0, 5, 0, "slow gone 50-59, fast gone 90-94,  unaccounted 95-99"},
		{"the client is missing, and frames vanish", []Entry{fast, slow1}, IDs{{3, 49}, {60, 89}}, "e1", 0, 5, 3, "slow gone 50-59, fast gone 90-94,  unaccounted 0-2,95-99"},
		{"client and fast are missing", []Entry{slow1}, IDs{{0, 49}, {60, 89}}, "e1", 0, 10, 0, "slow gone 50-59,  unaccounted 90-99"},
	} {
		r := NewRecorder(Run{ID: "r", Frames: 100}, time.Now())
		for id := range roaring64.Values(union(c.arrived)) {
			r.Add(result(id, NoLabel, 1))
		}
		rep := r.Close(time.Now(), Entry{NodeID: NodeID{Role: "end", Address: "e"}, Life: c.end}, c.nodes)
		if rep.Forgotten != c.forgotten || rep.Died != c.died || rep.Unaccounted != c.unaccounted {
			t.Errorf("%s: %d forgotten, %d died, %d unaccounted, want %d, %d, %d",
				c.name, rep.Forgotten, rep.Died, rep.Unaccounted, c.forgotten, c.died, c.unaccounted)
		}
		var seen []string
		for _, s := range rep.LastSeen {
			seen = append(seen, s.Role+" "+s.Cause+" "+s.Frames)
		}
		if got := strings.Join(seen, ", "); got != c.seen {
			t.Errorf("%s: last seen\n%s, want\n%s", c.name, got, c.seen)
		}
	}
}

// A frame that a node swallows is unaccounted, whatever else dies beside it: it does not hide among what a killed node has
// taken along.
func TestSwallowedFrameIsNotSaidToHaveDied(t *testing.T) {
	for _, dies := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := plan{run: Run{ID: "r", Strategy: "replicate", Frames: 300, Interval: 10 * time.Millisecond}, slow: []int{2}, device: func(int, int) *fakeNet { return pi() }}
			p.adjust = func(c *StageConfig) {
				c.Life = c.ID.Address
				if c.ID.Address == "bb" {
					c.End = swallow(c.End, 32)
				}
			}
			s := p.start()
			for i := range s.run.Frames {
				if i == 60 && dies {
					s.kill(1, 0)
				}
				s.send(i)
				time.Sleep(s.run.Interval)
			}
			r := s.close()
			if r.Unaccounted != 1 || dies != (r.Died > 0) {
				t.Errorf("%d frames are unaccounted for, and %d died: %+v", r.Unaccounted, r.Died, r.LastSeen)
			}
			if i := slices.IndexFunc(r.LastSeen, func(l LastSeen) bool { return l.Cause == Unaccounted }); i < 0 || r.LastSeen[i].Frames != "32" {
				t.Errorf("frame 32 is missing, and this is said: %+v", r.LastSeen)
			}
		})
	}
}

// swallow is a way to end on which one frame gets lost, and is said to have arrived.
func swallow(to Sender, id uint64) Sender {
	return sendFunc(func(ctx context.Context, frames []Frame) ([]Feedback, error) {
		rest := slices.DeleteFunc(slices.Clone(frames), func(f Frame) bool { return f.ID == id })
		if _, err := to.Send(ctx, rest); err != nil {
			return nil, err
		}
		return slices.Repeat([]Feedback{{Accepted: true}}, len(frames)), nil
	})
}

// The ledgers of a node's lives are one entry of the report.
func TestLivesAreAddedUp(t *testing.T) {
	one := Entry{NodeID: NodeID{"slow", "s"}, Life: "1", Outcomes: Outcomes{Received: 10, Finished: 9, Lost: 1}, BusyMS: 5, QueuePeak: 3, Bytes: 7,
		States: map[State]float64{Forwarding: 100}, Decisions: map[strategy.Reason]int64{"x": 2}, ElapsedS: 3, EnergyJ: 2, EnergyBy: "meter", Next: []string{"a", "b"}}
	two := Entry{NodeID: NodeID{"slow", "s"}, Life: "2", Outcomes: Outcomes{Received: 5, Refused: 5}, BusyMS: 1, QueuePeak: 9, Bytes: 1,
		States: map[State]float64{Finishing: 100}, Decisions: map[strategy.Reason]int64{"x": 1, "y": 1}, ElapsedS: 1, EnergyJ: 1, Next: []string{"b", "c"}, Restarted: true}
	other := Entry{NodeID: NodeID{"slow", "t"}, Life: "3"}
	want := []Entry{{NodeID: one.NodeID, Life: "1", Outcomes: Outcomes{Received: 15, Refused: 5, Finished: 9, Lost: 1}, BusyMS: 6, QueuePeak: 9, Bytes: 8,
		States: map[State]float64{Forwarding: 75, Finishing: 25}, Decisions: map[strategy.Reason]int64{"x": 3, "y": 1}, ElapsedS: 4, EnergyJ: 3, EnergyBy: "meter",
		Next: []string{"a", "b", "c"}, Restarted: true, Lives: 2}, other}
	if got := addLives([]Entry{one, other, two}); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := addLives([]Entry{two, two, two}); got[0].Lives != 3 || two.Decisions["x"] != 1 || len(two.Next) != 2 {
		t.Errorf("%+v, and the lives themselves are %+v", got, two)
	}
}

// Of very many lives of a neighbour the newest are told apart, and no frame is forgotten.
func TestTrailOfManyLives(t *testing.T) {
	var trail Trail
	for id := range uint64(200) {
		trail.Receive(id)
		trail.Hand(NodeID{"slow", fmt.Sprint(id % 2)}, fmt.Sprint("life ", id/10), Frame{ID: id})
	}
	trail.takeBack(NodeID{"slow", "0"}, "life 19", []Frame{{ID: 198}, {ID: 1}})
	trail.takeBack(NodeID{"slow", "0"}, "life 0", []Frame{{ID: 0}}) // which is long gone
	var e Entry
	trail.Tell(&e)
	if len(e.Handed) != 2*maxLives || e.GoneIDs.String() != "198" {
		t.Errorf("%d lives; gone are %v", len(e.Handed), e.GoneIDs)
	}
	for _, h := range e.Handed {
		if first := h.Frames[0][0]; h.Life == earlier && first > 1 || h.Life == "life 19" && first < 190 {
			t.Errorf("%v", h)
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
	if back, err := NewIDs(s.Steps()); err != nil || !slices.Equal(back, s) {
		t.Errorf("%v, %v", back, err)
	}
	for _, bad := range [][]uint64{{5}, {0, 5, 0, 6}, {0, 2 * far}, {0, far, 1, far}, {5, math.MaxUint64}, {math.MaxUint64, 1}, {math.MaxUint64, 0, 1, 0}} {
		if _, err := NewIDs(bad); !errors.Is(err, ErrInvalidRun) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	if s, err := NewIDs([]uint64{7, 2*far - 1}); err != nil || union(s).GetCardinality() != 2*far {
		t.Errorf("%v, %v", s, err)
	}
	if text := (IDs{{1, 1}, {4, 7}}).String(); text != "1,4-7" {
		t.Error(text)
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

// Of too many ranges the newest are kept; what was handed over is none the less covered by them.
func TestBoundIDs(t *testing.T) {
	set := func(ranges int) (s IDs) {
		for id := range uint64(ranges) {
			s = append(s, [2]uint64{2*id + 2, 2*id + 2})
		}
		return s
	}
	entries := []Entry{{GoneIDs: set(1000), Handed: []Handover{{Frames: set(10)}}}, {}, {Handed: []Handover{{Frames: set(400)}}}}
	if got := BoundIDs(entries, 1410); &got[0] != &entries[0] {
		t.Error("entries that fit are changed")
	}
	got := BoundIDs(entries, 100)
	if n := rangesIn(got); n > 100 || n < 50 {
		t.Errorf("%d ranges are left", n)
	}
	if !got[0].IDsCut || got[1].IDsCut || !got[2].IDsCut || entries[0].IDsCut {
		t.Errorf("what was cut is not marked: %v, %v, %v", got[0].IDsCut, got[1].IDsCut, got[2].IDsCut)
	}
	old := got[2].Handed[0].Frames
	if len(got[0].Handed[0].Frames) != 10 || !got[0].GoneIDs.has(2000) || got[0].GoneIDs.has(2) || !old.has(2) || !old.has(7) || !old.has(800) || old.has(799) {
		t.Errorf("%+v", got)
	}
	if rangesIn(entries) != 1410 || entries[2].Handed[0].Frames[399][0] != 800 {
		t.Error("the entries themselves are changed")
	}
	if n := rangesIn(BoundIDs(entries, 0)); n != 0 {
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

// Where too many frames are gone to name all, those are named that the nodes above have no answer for, and the newest.
func TestGoneFramesThatMatterAreNamed(t *testing.T) {
	var trail Trail
	for id := range uint64(4 * maxRanges) {
		trail.Receive(id)
		if id%2 == 0 { // so that no two that are gone are one range
			trail.Hand(NodeID{"end", "e"}, "e1", Frame{ID: id})
		}
	}
	above := []Entry{
		{NodeID: NodeID{"fast", "f"}, Life: "f1", GoneIDs: IDs{{1, 5}}, Handed: []Handover{
			{NodeID{"slow", "s"}, "killed", IDs{{10, 13}}}, {NodeID{"slow", "t"}, "t1", IDs{{20, 29}}},
		}},
		{NodeID: NodeID{"slow", "t"}, Life: "t1"},
	}
	var e Entry
	trail.Tell(&e, above...)
	newest := uint64(4*maxRanges - 1)
	set := union(e.GoneIDs)
	for id, want := range map[uint64]bool{1: true, 3: true, 5: true, 11: true, 13: true, 2: false, 7: false, 21: false, newest: true, newest - 1: false} {
		if set.Contains(id) != want {
			t.Errorf("frame %d is named: %t", id, !want)
		}
	}
	if !e.IDsCut || len(e.GoneIDs) > maxRanges {
		t.Errorf("%d ranges, and cut: %t", len(e.GoneIDs), e.IDsCut)
	}
}
