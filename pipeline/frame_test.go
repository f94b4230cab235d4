package pipeline

import (
	"fmt"
	"testing"
	"time"
)

// What people read of shapes, nodes and cuts.
func TestFormats(t *testing.T) {
	nine := make([][]int, 9)
	for got, want := range map[string]string{
		FormatShapes([][]int{{3, 4}}):                "[3 4]",
		FormatShapes([][]int{{3, 4}, {1}}):           "[[3 4] [1]]",
		FormatShapes(nine):                           fmt.Sprintf("%v and 1 more", nine[:8]),
		FormatCuts([]int{3, 7}):                      "3,7",
		FormatCuts([]int{3}):                         "3",
		NodeID{Role: "end"}.String():                 "end",
		NodeID{"slow", "10.0.0.4:12345"}.String():    "slow (10.0.0.4:12345)",
		fmt.Sprint(NodeID{Role: "slow"}.Rank()):      "2",
		fmt.Sprint(NodeID{Role: "nobody"}.Rank()):    "-1",
		fmt.Sprint(Volume([]int{2, 3}), Volume(nil)): "6 1",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for kind, want := range map[string]bool{"int64": true, "uint8": true, "bool": true, "float32": false, "": false} {
		if (Tensor{Type: kind}).Integer() != want {
			t.Errorf("%q is integer: %t", kind, !want)
		}
	}
}

// Pictures that a client skips are received, and are none of the frames that are on the node.
func TestSkippedPicturesAreCounted(t *testing.T) {
	var l Ledger
	l.Count(Received, 5)
	l.Skip(3)
	l.Count(Forwarded, 4)
	if e := l.Entry(time.Now()); l.Here() != 1 || e.Received != 8 || e.Skipped != 3 {
		t.Errorf("%d are here, of %+v", l.Here(), e.Outcomes)
	}
}

// The round trip is the EWMA of the calls that were answered.
func TestRoundTripOfAPath(t *testing.T) {
	var p Path
	now := time.Now()
	if p.RoundTrip() != 0 {
		t.Error("it is known before the first call")
	}
	p.End(now.Add(8*time.Millisecond), p.Begin(now, 1), true)
	p.End(now.Add(time.Hour), p.Begin(now, 1), false)
	if p.RoundTrip() != 8*time.Millisecond {
		t.Errorf("%v after one call of 8ms", p.RoundTrip())
	}
	p.End(now.Add(16*time.Millisecond), p.Begin(now, 1), true)
	if got := p.RoundTrip(); got != 9*time.Millisecond { // an eighth of the way
		t.Errorf("%v after one of 16ms", got)
	}
}
