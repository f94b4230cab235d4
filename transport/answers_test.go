package transport

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"

	"tandem/pipeline"
	"tandem/transport/wire"
)

// oddNode answers what no node should.
type oddNode struct {
	fakeNode
	opened Opened
}

func (n *oddNode) Open(context.Context, Opening) (Opened, error) { return n.opened, nil }

func (n *oddNode) Push(_ context.Context, p Pushing) (Pushed, error) {
	if p.Run == "panics" {
		panic("on purpose")
	}
	return Pushed{Live: &pipeline.Live{Rate: math.NaN()}}, nil // and no feedback
}

// A caller tells answers that make no sense from a node that is out of reach.
func TestOddAnswers(t *testing.T) {
	n := &oddNode{}
	c := client(serve(t, n, 1<<20))
	opening := Opening{Run: pipeline.Run{ID: "r"}, From: "me", Address: "you"}
	for says, opened := range map[string]Opened{
		"its cuts are [3 1]":   {Run: pipeline.Run{ID: "r", Cuts: []int{3, 1}}},
		"Run.id is empty":      {},
		"OpenResponse.address": {Run: pipeline.Run{ID: "r"}, Address: "\x1b[2J"},
		`wire format "int4"`:   {Run: pipeline.Run{ID: "r", Wire: "int4"}},
		"--max-body":           {Run: pipeline.Run{ID: "r"}, Inputs: []Input{{Shape: []int{1 << 10, 1 << 10}}}},
	} {
		n.opened = opened
		if _, err := c.Open(t.Context(), opening); err == nil || !strings.Contains(err.Error(), says) || errors.Is(err, pipeline.ErrUnreachable) {
			t.Errorf("error %v, want one that says %q", err, says)
		}
	}
	if _, err := c.Push(t.Context(), Pushing{Run: "r", From: "me", Frames: []pipeline.Frame{frame(1)}}); err == nil || !strings.Contains(err.Error(), "answered 1 frames with 0 feedbacks") {
		t.Errorf("no feedback: %v", err)
	}
	if p, err := c.Push(t.Context(), Pushing{Run: "r", From: "me"}); err != nil || p.Live != nil {
		t.Errorf("a figure that is no number: %+v, %v", p, err)
	}
	if _, err := c.Push(t.Context(), Pushing{Run: "panics", From: "me"}); !Answered(err) || !strings.Contains(err.Error(), "its log has the reason") {
		t.Errorf("a node that panics: %v", err)
	}
}

// Messages whose parts don't go together are refused, though each is within its bounds.
func TestOddMessages(t *testing.T) {
	address := serve(t, &fakeNode{}, 1<<20)
	c := client(address)
	for _, ids := range [][]uint64{{5, 1 << 40}, {5}} {
		for _, ledger := range []*wire.Ledger{{Role: "fast", Gone: ids}, {Role: "fast", Handed: []*wire.Handover{{Frames: ids}}}} {
			_, err := c.node.Close(t.Context(), &wire.CloseRequest{Run: "r", Nodes: []*wire.Ledger{ledger}})
			if err = c.fromWire(err); !errors.Is(err, pipeline.ErrInvalidRun) {
				t.Errorf("%v: %v", ledger, err)
			}
		}
	}
	if _, err := c.Close(t.Context(), Closing{Run: "r", Nodes: []pipeline.Entry{{BusyMS: math.NaN()}}}); err == nil {
		t.Error("a ledger with a figure that is no number is sent")
	}
	if code, text := post(t, address, "Push", "application/json", nil); code != http.StatusBadRequest || !strings.Contains(text, "it is empty") {
		t.Errorf("no body: %d %s", code, text)
	}
}
