package monitor

import (
	"testing"
	"time"
)

// A frame that comes back to be forwarded again does not make a counter go down.
func TestCountersNeverGoDown(t *testing.T) {
	var total Totals
	m := newMetrics(Options{Role: "fast", Totals: func() Totals { return total }, Refused: func() map[string]int64 { return nil }})
	frames := func(forwarded int64) float64 {
		total.Entry.Forwarded = forwarded
		families, err := m.registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			for _, v := range f.GetMetric() {
				if f.GetName() == "tandem_frames_total" && v.GetLabel()[0].GetValue() == "forwarded" {
					return v.GetCounter().GetValue()
				}
			}
		}
		t.Fatal("no forwarded frames are shown")
		return 0
	}
	for _, step := range []struct{ now, shown int64 }{{10, 10}, {7, 10}, {10, 10}, {12, 12}} {
		if got := frames(step.now); got != float64(step.shown) {
			t.Errorf("%d forwarded are shown as %v, want %d", step.now, got, step.shown)
		}
	}
}

func TestObservingAllocatesNothing(t *testing.T) {
	m := newMetrics(Options{Role: "fast"})
	if n := testing.AllocsPerRun(100, func() { m.Service(time.Millisecond) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
