package transport

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"tandem/pipeline"
)

// Chunks and what is wanted of them survive the wire, and so does the word that a node lacks a network.
func TestSupply(t *testing.T) {
	n := &fakeNode{}
	c := NewClient(serve(t, n, 1<<20), Limits{Dial: time.Minute, Call: time.Minute, Window: 1, MaxBody: 1 << 20}, nil)
	sent := Supplying{
		Run: pipeline.Run{ID: "r", Strategy: "s1", Digest: "chunks:0", Cuts: []int{3}}, From: "fast-1", Layer: 3,
		Manifest: []byte("{}"), Opening: []int{0, 9}, Chunks: []Chunk{{4, []byte("four")}, {5, nil}},
	}
	answer, err := c.Supply(t.Context(), sent)
	if want := (Supplied{[]int{5, 7}, 16384}); err != nil || !reflect.DeepEqual(answer, want) {
		t.Errorf("%+v, %v", answer, err)
	}
	if got := n.supplying; got.Run.Digest != sent.Run.Digest || got.From != sent.From || got.Layer != 3 || string(got.Manifest) != "{}" ||
		!reflect.DeepEqual(got.Opening, sent.Opening) || !reflect.DeepEqual(got.Chunks, sent.Chunks) {
		t.Errorf("%+v has come", got)
	}
	f, err := c.Fetch(t.Context(), "chunks:0", []int{2, 300})
	if err != nil || string(f.Manifest) != "chunks:0" || !reflect.DeepEqual(f.Opening, []int{0, 3}) || !reflect.DeepEqual(f.Chunks, []Chunk{{2, []byte{2}}, {300, []byte{44}}}) {
		t.Errorf("%+v, %v", f, err)
	}
	n.err = pipeline.ErrNoNetwork
	if _, err := c.Supply(t.Context(), sent); !errors.Is(err, pipeline.ErrNoNetwork) || !Answered(err) {
		t.Error(err)
	}
	if room := c.Room(8 << 10); room < 1 || room > MaxChunks {
		t.Errorf("room for %d chunks", room)
	}
}

// What is too much is refused before room is made for it.
func TestSupplyTooMuch(t *testing.T) {
	c := NewClient(serve(t, &fakeNode{}, 1<<20), Limits{Dial: time.Minute, Call: time.Minute, Window: 1, MaxBody: 1 << 20}, nil)
	s := Supplying{Run: pipeline.Run{ID: "r"}, From: "fast-1", Chunks: make([]Chunk, MaxChunks+1)}
	if _, err := c.Supply(t.Context(), s); err == nil || !strings.Contains(err.Error(), "SupplyRequest.chunks") {
		t.Error(err)
	}
	s.Chunks, s.From = nil, ""
	if _, err := c.Supply(t.Context(), s); err == nil || !strings.Contains(err.Error(), "SupplyRequest.from is empty") {
		t.Error(err)
	}
}
