package monitor

import (
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"tandem/pipeline"
)

func statusOf(role, address string) pipeline.Status {
	return pipeline.Status{Entry: pipeline.Entry{NodeID: pipeline.NodeID{Role: role, Address: address}}}
}

// A status comes on several ways, and the newest counts; what nobody tells again grows old.
func TestNewestStatusCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := NewView(pipeline.NodeID{Role: "end", Address: "end:1"})
		v.Begin(func() pipeline.Status { return statusOf("end", "end:1") })
		tell := func(received int64, age float64) {
			s := statusOf("fast", "fast:1")
			s.Received, s.StalenessS = received, age
			v.Receive([]pipeline.Status{s})
		}
		check := func(received int64, age float64) {
			t.Helper()
			s := v.Statuses()[0]
			if s.Role != "fast" || s.Received != received || s.StalenessS != age {
				t.Errorf("%+v, want %d received, %v s ago", s, received, age)
			}
		}
		tell(10, 0.5)
		check(10, 0.5)
		time.Sleep(time.Second)
		check(10, 1.5)
		tell(8, 2) // on a longer way
		check(10, 1.5)
		tell(12, 0.25)
		check(12, 0.25)
		time.Sleep(time.Minute)
		check(12, 60.25)
		tell(3, 0) // it was started again
		check(3, 0)
		if all := v.Statuses(); len(all) != 2 || all[1].Role != "end" || all[1].StalenessS != 0 {
			t.Errorf("%+v", all)
		}
	})
}

// Nodes are shown in the order in which frames pass them, and no more than are remembered.
func TestOrderAndNumberOfStatuses(t *testing.T) {
	v := NewView(pipeline.NodeID{Role: "slow", Address: "own"})
	if len(v.Statuses()) != 0 {
		t.Error("a part that has not begun shows itself")
	}
	own := statusOf("slow", "own")
	own.Layers = [2]int{2, 4}
	v.Begin(func() pipeline.Status { return own })
	early, late := statusOf("slow", "z"), statusOf("slow", "a")
	early.Layers, late.Layers = [2]int{1, 2}, [2]int{4, 5}
	v.Receive([]pipeline.Status{late, statusOf("fast", "f"), early, statusOf("outsider", "x"), statusOf("slow", "own"), statusOf("client", "")})
	var got []string
	for _, s := range v.Statuses() {
		got = append(got, s.Role+" "+s.Address)
	}
	if want := []string{"client ", "fast f", "slow z", "slow own", "slow a"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for i := range 500 {
		v.Receive([]pipeline.Status{statusOf("slow", strconv.Itoa(i))})
	}
	if n := len(v.Statuses()); n != maxOthers+1 {
		t.Errorf("%d nodes are shown, of which %d are others", n, maxOthers)
	}
}

func TestNewestSummaryCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := NewView(pipeline.NodeID{Role: "client"})
		v.Learn(nil)
		if v.Summary() != nil {
			t.Error("there is a summary of nothing")
		}
		v.Learn(&pipeline.Live{Delivered: 5, StalenessS: 0.5})
		v.Learn(&pipeline.Live{Delivered: 4, StalenessS: 1})
		time.Sleep(time.Second)
		if l := v.Summary(); l.Delivered != 5 || l.StalenessS != 1.5 {
			t.Errorf("%+v", l)
		}
	})
}
