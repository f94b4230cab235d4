package transport

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tandem/pipeline"
)

var losses = []pipeline.Loss{
	{NodeID: pipeline.NodeID{Role: "slow", Address: "s:1"}, Outcome: pipeline.Refused, Frames: pipeline.IDs{{3, 5}, {9, 9}}},
	{NodeID: pipeline.NodeID{Role: "client"}, Outcome: pipeline.Lost, Frames: pipeline.IDs{{1 << 60, 1 << 60}}},
}

// A stream brings answers as they are, in messages of a bounded size, and word of the frames that will have none.
func TestAnswersAreStreamed(t *testing.T) {
	many := make([]pipeline.Frame, 3*toldFrames+1)
	for i := range many {
		many[i] = frame(uint64(i))
		many[i].By, many[i].Label = pipeline.NodeID{Role: "slow", Address: "s:1"}, i%7
	}
	large := pipeline.Frame{ID: 1000, Shapes: [][]int{{1 << 16}, {1}}, Data: make([]float32, 1<<16+1), Label: pipeline.NoLabel, Since: time.Now()}
	n := &fakeNode{told: []Told{{}, {Answers: many, Missed: 4}, {Gone: losses}, {Answers: []pipeline.Frame{large, large, large}}}}
	c := client(serve(t, n, 1<<20))
	var got Told
	begun, messages := 0, 0
	err := c.Answers(t.Context(), "run", true, func() { begun++ }, func(told Told) {
		messages++
		got.Answers, got.Gone, got.Missed = append(got.Answers, told.Answers...), append(got.Gone, told.Gone...), got.Missed+told.Missed
	})
	if err != nil || n.asked != "runtrue" || begun != 1 || got.Missed != 4 {
		t.Errorf("%v: asked %q, begun %d times, %d missed", err, n.asked, begun, got.Missed)
	}
	if want := 1 + 4 + 1 + 2; messages != want {
		t.Errorf("%d messages, want %d", messages, want)
	}
	ignored := cmp.Options{cmpopts.IgnoreFields(pipeline.Frame{}, "Since", "Age"), cmpopts.IgnoreUnexported(pipeline.Frame{})}
	if d := cmp.Diff(append(many, large, large, large), got.Answers, ignored); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(losses, got.Gone); d != "" {
		t.Error(d)
	}
}

// A stream on which nothing comes is broken, and one that the node refuses says why.
func TestSilentStreamEnds(t *testing.T) {
	hang := make(chan struct{})
	n := &fakeNode{wait: func() { <-hang }}
	address := serve(t, n, 1<<20)
	defer close(hang)
	c := NewClient(address, Limits{Dial: time.Minute, Call: 50 * time.Millisecond, Window: 2, MaxBody: 1 << 20}, nil)
	nothing := func(Told) {}
	if err := c.Answers(t.Context(), "run", false, func() {}, nothing); !errors.Is(err, pipeline.ErrUnreachable) || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("error %v", err)
	}
	refusing := client(serve(t, &fakeNode{err: pipeline.ErrBusy}, 1<<20))
	if err := refusing.Answers(t.Context(), "run", false, func() {}, nothing); !errors.Is(err, pipeline.ErrBusy) || !Answered(err) {
		t.Errorf("error %v", err)
	}
	if err := refusing.Answers(t.Context(), "\n", false, func() {}, nothing); !errors.Is(err, pipeline.ErrInvalidRun) || !strings.Contains(err.Error(), "AnswersRequest.run") {
		t.Errorf("error %v", err)
	}
}

// Losses travel with pushes, and those that are none are refused.
func TestLossesCrossTheWire(t *testing.T) {
	n := &fakeNode{}
	c := client(serve(t, n, 1<<20))
	if _, err := c.Push(t.Context(), Pushing{Run: "run", From: "me", Losses: losses}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(losses, n.losses); d != "" {
		t.Error(d)
	}
	for name, bad := range map[string]pipeline.Loss{
		"finished": {NodeID: pipeline.NodeID{Role: "slow"}, Outcome: pipeline.Finished, Frames: pipeline.IDs{{1, 1}}},
		"too many": {NodeID: pipeline.NodeID{Role: "slow"}, Outcome: pipeline.Lost, Frames: pipeline.IDs{{1, pipeline.MaxLossFrames + 1}}},
		"no role":  {Outcome: pipeline.Lost, Frames: pipeline.IDs{{1, 1}}},
	} {
		if _, err := c.Push(t.Context(), Pushing{Run: "run", From: "me", Losses: []pipeline.Loss{bad}}); !errors.Is(err, pipeline.ErrInvalidRun) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
