package pipeline

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func result(id uint64, label int, outputs ...float32) *Frame {
	return &Frame{ID: id, Label: label, Data: outputs, Since: time.Now(), By: NodeID{Role: "slow"}}
}

func TestRecorderReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRecorder(Run{ID: "r", Strategy: "baseline", Frames: 10, Interval: 30 * time.Millisecond, Cuts: []int{1}, Model: "m"}, time.Now())
		for i, label := range []int{1, 1, 0, NoLabel} {
			f := result(uint64(i), label, 0.25, 0.75)
			f.Age = time.Duration(i+1) * 100 * time.Millisecond
			if !r.Add(f) {
				t.Fatalf("frame %d is not the first", i)
			}
			time.Sleep(50 * time.Millisecond)
		}
		if r.Add(result(2, 0, 1, 0)) {
			t.Error("a duplicate is the first")
		}
		if err := r.Check(result(10, 0, 1)); !errors.Is(err, ErrInvalidFrame) {
			t.Errorf("frame 10 of 10: error %v", err)
		}
		rep := r.Close(time.Now(), Entry{NodeID: NodeID{Role: "end"}, EnergyJ: 1, EnergyBy: "model"}, []Entry{
			{NodeID: NodeID{Role: "client"}, Outcomes: Outcomes{Received: 8, Forwarded: 7, Lost: 1}},
			{NodeID: NodeID{Role: "fast"}, Outcomes: Outcomes{Received: 7, Refused: 2, Forwarded: 5}, Emulate: "pi3", EnergyJ: 5, EnergyBy: "meter"},
			{NodeID: NodeID{Role: "slow"}, Outcomes: Outcomes{Received: 5, Finished: 5}, Emulate: "off"},
		})
		if rep.Frames != 8 || rep.Delivered != 4 || rep.Duplicates != 1 {
			t.Errorf("%d frames, %d delivered, %d duplicates", rep.Frames, rep.Delivered, rep.Duplicates)
		}
		if rep.Unaccounted != 8-4-2-1 {
			t.Errorf("%d unaccounted", rep.Unaccounted)
		}
		if rep.Coverage != 50 || rep.Rate != 3/0.15 || rep.ElapsedS != 0.2 || rep.IntervalMS != 30 {
			t.Errorf("coverage %v, rate %v, elapsed %v, interval %v", rep.Coverage, rep.Rate, rep.ElapsedS, rep.IntervalMS)
		}
		if rep.Accuracy == nil || *rep.Accuracy < 66.6 || *rep.Accuracy > 66.7 {
			t.Errorf("accuracy %v: two of three labelled frames are right", rep.Accuracy)
		}
		for _, q := range []struct{ got, want float64 }{
			{rep.Latency.P50, 200}, {rep.Latency.P99, 400}, {rep.Latency.Max, 400},
		} {
			if q.got < q.want || q.got > q.want*1.002 { // the histogram keeps three digits
				t.Errorf("latency %v, want %v", q.got, q.want)
			}
		}
		if rep.Emulate != "pi3 and off" {
			t.Errorf("emulate %q", rep.Emulate)
		}
		if rep.JoulesPerFrame == nil || *rep.JoulesPerFrame != 6.0/4 {
			t.Errorf("%v joules a frame: 6 were used for 4", rep.JoulesPerFrame)
		}
		if end := rep.Nodes[3]; end.Role != "end" || end.Received != 4 || end.Here() != 0 {
			t.Errorf("end's entry %+v", end)
		}
	})
}

// A run of which nothing arrived has a report too, without a number that is none.
func TestRecorderOfNothing(t *testing.T) {
	rep := NewRecorder(Run{ID: "r"}, time.Now()).Close(time.Now(), Entry{NodeID: NodeID{Role: "end"}, EnergyJ: 1, EnergyBy: "model"}, nil)
	if rep.Coverage != 0 || rep.Rate != 0 || rep.Accuracy != nil || rep.JoulesPerFrame != nil || rep.Latency != (Latency{}) || rep.Unaccounted != 0 {
		t.Errorf("%+v", rep)
	}
}

func TestRecorderBoundsAges(t *testing.T) {
	r := NewRecorder(Run{ID: "r"}, time.Now())
	for i, age := range []time.Duration{-time.Hour, 0, 1000 * time.Hour} {
		f := result(uint64(i), NoLabel, 1)
		f.Age = age
		r.Add(f)
	}
	if rep := r.Close(time.Now(), Entry{}, nil); rep.Delivered != 3 || rep.Latency.Max > 1.001*float64(maxAge.Milliseconds()) {
		t.Errorf("%+v", rep)
	}
}

func TestTop(t *testing.T) {
	for _, c := range []struct {
		data  []float32
		class int
		score float32
	}{
		{nil, -1, 0}, {[]float32{-3}, 0, -3}, {[]float32{1, 5, 5, 2}, 1, 5},
	} {
		f := Frame{Data: c.data}
		if class, score := f.Top(); class != c.class || score != c.score {
			t.Errorf("%v: class %d, score %v", c.data, class, score)
		}
	}
}
