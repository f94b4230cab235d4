package transport

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"tandem/pipeline"
)

var surveyed = Survey{
	Digest: "d1", Sizes: []int{64, 0, 32, 10}, Weights: []int64{4096, 0, 1280},
	Sites: []Site{
		{NodeID: pipeline.NodeID{Role: "fast"}, Name: "fast-1", Layers: []time.Duration{1, 2, 3}, Measured: true, Memory: 1 << 30},
		{NodeID: pipeline.NodeID{Role: "slow", Address: "slow:12345"}, Name: "slow-1", Stage: 1, Layers: []time.Duration{4, 5, 6}, Way: Way{RoundTrip: time.Millisecond, There: 3e6, Back: 1e6}},
	},
}

func TestSurvey(t *testing.T) {
	n := &fakeNode{}
	c := NewClient(serve(t, n, 1<<20), Limits{Dial: time.Minute, Call: time.Minute, Window: 1, MaxBody: 1 << 20}, nil)
	if got, err := c.Survey(t.Context()); err != nil || !reflect.DeepEqual(got, surveyed) {
		t.Errorf("%+v, %v", got, err)
	}
	n.err = pipeline.ErrUnreachable
	if _, err := c.Survey(t.Context()); !errors.Is(err, pipeline.ErrUnreachable) {
		t.Errorf("a node below is away: %v", err)
	}
}

// What does not belong together is refused.
func TestSurveyThatIsNone(t *testing.T) {
	for name, wrong := range map[string]func(*Survey){
		"boundaries": func(s *Survey) { s.Sizes = s.Sizes[:2] },
		"no nodes":   func(s *Survey) { s.Sites = nil },
		"a node":     func(s *Survey) { s.Sites = []Site{{Layers: []time.Duration{1}}} },
	} {
		s := surveyed
		wrong(&s)
		if err := s.valid("fast:12345"); err == nil || !strings.Contains(err.Error(), "fast:12345 answered with a survey of 3 layers") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A recut travels with a sign of life, and the answer says how far the node is.
func TestRecutTravels(t *testing.T) {
	r := pipeline.Recut{Epoch: 3, Cuts: []int{4, 9}, Go: true, Why: "slow takes 3 times as long"}
	if got, err := recutFromWire(recutToWire(r)); err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("%+v, %v", got, err)
	}
	state := pipeline.Recutting{Epoch: 3, Ready: true, Refused: "no"}
	if got := recuttingFromWire(recuttingToWire(state)); got != state {
		t.Errorf("%+v", got)
	}
	for _, r := range []pipeline.Recut{{Epoch: 1}, {Epoch: 1, Cuts: []int{3, 3}}, {Epoch: 1, Cuts: []int{-1}}} {
		if _, err := recutFromWire(recutToWire(r)); !errors.Is(err, pipeline.ErrInvalidRun) {
			t.Errorf("%+v: %v", r, err)
		}
	}
}
