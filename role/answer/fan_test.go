package answer

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"tandem/pipeline"
)

// One answer has one JSON form, with the outputs or without, and numbers that JSON does not know are null.
func TestAnswerAsJSON(t *testing.T) {
	run := pipeline.Run{ID: "r", Outputs: []pipeline.Tensor{{Name: "scores", Shape: []int{3}, Type: "float32"}, {Name: "count", Shape: []int{1}, Type: "int64"}}}
	f := pipeline.Frame{
		ID: 7, Shapes: [][]int{{3}, {1}}, Data: []float32{0.1, 2.5, float32(math.NaN()), 4}, Label: 1, Age: 1500 * time.Microsecond,
		By: pipeline.NodeID{Role: "slow", Address: "slow:1"},
	}
	a := Of(run, &f)
	for _, test := range []struct {
		answer Answer
		want   string
	}{
		{a, `{"run":"r","id":7,"class":1,"score":2.5,"label":1,"age_ms":1.5,"node":"slow","address":"slow:1","outputs":[` +
			`{"name":"scores","type":"float32","shape":[3],"values":[0.1,2.5,null]},{"name":"count","type":"int64","shape":[1],"values":[4]}]}`},
		{a.Brief(), `{"run":"r","id":7,"class":1,"score":2.5,"label":1,"age_ms":1.5,"node":"slow","address":"slow:1"}`},
		{Of(pipeline.Run{ID: "r"}, &pipeline.Frame{Shapes: [][]int{{1}}, Data: []float32{float32(math.Inf(1))}, Label: pipeline.NoLabel}),
			`{"run":"r","id":0,"class":0,"score":null,"age_ms":0,"node":"","address":"","outputs":[{"name":"output0","shape":[1],"values":[null]}]}`},
	} {
		text, err := json.Marshal(test.answer)
		if err != nil || string(text) != test.want {
			t.Errorf("%v\n%s, want\n%s", err, text, test.want)
		}
	}
}

func TestNumbersHaveTheFewestDigits(t *testing.T) {
	for v, want := range map[Number]string{0.1: "0.1", 1e-7: "1e-07", 16777216: "16777216", -3e30: "-3e+30", 0: "0"} {
		if text, _ := json.Marshal(v); string(text) != want {
			t.Errorf("%v is %s, want %s", float32(v), text, want)
		}
	}
}

// A subscriber that takes nothing loses answers, which are counted, and disturbs nobody; one that comes again has the newest.
func TestSlowSubscriberLosesAnswers(t *testing.T) {
	fan := NewFan()
	slow, _ := fan.Subscribe("r", false)
	quick, _ := fan.Subscribe("", false)
	other, _ := fan.Subscribe("other", false)
	got := 0
	for i := range 2 * maxWaiting {
		fan.Publish(Event{Run: "r", Answer: &Answer{Run: "r", ID: uint64(i)}})
		<-quick.Ready()
		events, missed := quick.Take()
		if got += len(events); missed != 0 {
			t.Fatalf("%d missed", missed)
		}
	}
	if got != 2*maxWaiting {
		t.Errorf("%d events", got)
	}
	if events, missed := slow.Take(); len(events) != maxWaiting || missed != maxWaiting || events[0].Answer.ID != 0 {
		t.Errorf("%d events, %d missed", len(events), missed)
	}
	if events, _ := other.Take(); len(events) != 0 {
		t.Errorf("%d events of another run", len(events))
	}
	again, _ := fan.Subscribe("r", true)
	if events, _ := again.Take(); len(events) != maxWaiting || events[len(events)-1].Answer.ID != 2*maxWaiting-1 {
		t.Errorf("%d events again", len(events))
	}
	fan.Close()
	if _, open := <-other.Ready(); open {
		t.Error("a subscription outlives the fan")
	}
	if _, err := fan.Subscribe("", false); err == nil {
		t.Error("a closed fan has a new subscriber")
	}
}

// Large answers are bounded in bytes, but for one.
func TestWaitingBytesAreBounded(t *testing.T) {
	fan := NewFan()
	s, _ := fan.Subscribe("", false)
	large := Answer{Outputs: []Output{{Values: make(Numbers, maxBytes/2)}}}
	for range 5 {
		fan.Publish(Event{Answer: &large})
	}
	if events, missed := s.Take(); len(events) != 1 || missed != 4 {
		t.Errorf("%d events, %d missed", len(events), missed)
	}
	if n := len(fan.recent.events); n != 1 {
		t.Errorf("%d are remembered", n)
	}
}
