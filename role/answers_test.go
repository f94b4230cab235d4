package role

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/role/answer"
	"tandem/role/device"
	"tandem/role/edge"
	"tandem/role/input"
	"tandem/role/options"
	"tandem/transport"
)

// heard is what a subscriber has been told.
type heard struct {
	mu      sync.Mutex
	answers map[uint64]pipeline.Frame
	gone    map[uint64]pipeline.Fate
	again   int // frames that were told of twice
}

func (h *heard) take(told transport.Told) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range told.Answers {
		if _, twice := h.answers[f.ID]; twice {
			h.again++
		}
		h.answers[f.ID] = f
	}
	for _, f := range told.Gone {
		for _, r := range f.Frames {
			for id := r[0]; id <= r[1]; id++ {
				if _, twice := h.gone[id]; twice {
					h.again++
				}
				h.gone[id] = f
			}
		}
	}
}

func (h *heard) all() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.answers) + len(h.gone)
}

// listen subscribes to end's answers to any run.
func listen(t *testing.T, c setup, end *server) *heard {
	t.Helper()
	h := &heard{answers: map[uint64]pipeline.Frame{}, gone: map[uint64]pipeline.Fate{}}
	ctx, stop := context.WithCancel(context.Background())
	begun, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		_ = newClient(c, end.address).Answers(ctx, "", false, func() { close(begun) }, h.take)
	}()
	<-begun
	t.Cleanup(func() { stop(); <-ended })
	return h
}

// Of each frame a subscriber hears once what became of it, wherever it ended: the answer with all outputs, which are PyTorch's,
// or that there is none, and on which node it ended.
func TestSubscriberHearsOfEveryFrame(t *testing.T) {
	c := quick()
	c.Input.Paths, c.Frames, c.Interval, c.Queue = []string{digitsImages}, 300, 2*time.Millisecond, 3
	c.Emulate = device.Emulation{Name: "test", Tail: device.Always(6 * time.Millisecond)}
	nodes := startQuick(t, c)
	h := listen(t, c, nodes.end)
	r, err := nodes.run(t.Context(), c, "baseline")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "all frames are told of", func() bool { return h.all() >= int(r.Frames) })
	if int64(len(h.answers)) != r.Delivered || int64(len(h.gone)) != r.Frames-r.Delivered || h.again != 0 {
		t.Errorf("%d answers, %d gone, %d again: %+v", len(h.answers), len(h.gone), h.again, r)
	}
	if len(h.gone) == 0 {
		t.Error("no frame was refused")
	}
	refused := map[pipeline.NodeID]int64{}
	for id, f := range h.gone {
		if refused[f.NodeID]++; f.Outcome != pipeline.Refused {
			t.Errorf("frame %d is %v on %v", id, f.Outcome, f.NodeID)
		}
	}
	for _, n := range r.Nodes {
		if refused[n.NodeID] != n.Refused {
			t.Errorf("%v, and a subscriber has heard of %d", n, refused[n.NodeID])
		}
	}
	want, shape, err := input.ReadFloats(digitsOutputs[digits])
	if err != nil {
		t.Fatal(err)
	}
	for id, f := range h.answers {
		row := want[int(id)*shape[1]:][:shape[1]]
		for i, v := range f.Data {
			if math.Abs(float64(v-row[i])) > 1e-4 {
				t.Fatalf("frame %d: %v, PyTorch has %v", id, f.Data, row)
			}
		}
		if f.By.Role != "slow" || f.Age <= 0 {
			t.Errorf("frame %d: by %v, %v old", id, f.By, f.Age)
		}
	}
}

// What the client gives up is told of, too: fast hands it on.
func TestClientTellsWhatItRefuses(t *testing.T) {
	c := quick()
	nodes := startQuick(t, c)
	h := listen(t, c, nodes.end)
	e, _, err := edge.Open(t.Context(), edge.Config{Target: toward(c, options.Fast, nodes.fast.address), From: "test"}, pipeline.Run{ID: "r", Strategy: "baseline"})
	if err != nil {
		t.Fatal(err)
	}
	e.Announce(pipeline.Fate{NodeID: pipeline.NodeID{Role: "client"}, Outcome: pipeline.Lost, Frames: pipeline.IDs{{4, 5}}})
	eventually(t, "it is told of", func() bool { return h.all() == 2 })
	if f := h.gone[5]; f.Role != "client" || f.Outcome != pipeline.Lost {
		t.Errorf("%+v", f)
	}
	if _, err := e.Close(t.Context(), edge.Ending{}); err != nil {
		t.Error(err)
	}
	if err := newClient(c, nodes.fast.address).Answers(t.Context(), "r", false, func() {}, func(transport.Told) {}); !errors.Is(err, pipeline.ErrInvalidRun) || !strings.Contains(err.Error(), "the end node") {
		t.Errorf("error %v", err)
	}
}

// Server-sent events bring the same answers to a page or a script, with the outputs where they are asked for.
func TestResultsAsEvents(t *testing.T) {
	c := quick()
	c.Frames = 5
	nodes := startQuick(t, c)
	read := func(query string) *bufio.Scanner {
		r, err := http.Get("http://" + nodes.end.address + "/results" + query)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Body.Close() })
		if kind := r.Header.Get("Content-Type"); kind != "text/event-stream" {
			t.Fatalf("it answers with %s", kind)
		}
		s := bufio.NewScanner(r.Body)
		s.Scan() // the comment with which it begins
		return s
	}
	brief, full := read(""), read("?answers=full")
	if _, err := nodes.run(t.Context(), c, "baseline"); err != nil {
		t.Fatal(err)
	}
	for stream, outputs := range map[*bufio.Scanner]int{brief: 0, full: 1} {
		var got []answer.Answer
		for name := ""; len(got) < 5 && stream.Scan(); {
			if field, value, _ := strings.Cut(stream.Text(), ": "); field == "event" {
				name = value
			} else if field == "data" {
				var a answer.Answer
				if err := json.Unmarshal([]byte(value), &a); err != nil || name != "answer" {
					t.Fatalf("%v: %s", err, stream.Text())
				}
				got = append(got, a)
			}
		}
		for _, a := range got {
			if len(a.Outputs) != outputs || a.Run == "" || a.Node != "slow" || outputs == 1 && (len(a.Outputs[0].Values) != 10 || a.Outputs[0].Type != "float32" || strings.HasPrefix(a.Outputs[0].Name, "output0")) {
				t.Errorf("%+v", a)
			}
		}
	}
	if code, _, text := get(t, nodes.end, "/results?answers=none"); code != http.StatusBadRequest {
		t.Errorf("code %d: %s", code, text)
	}
	if code, _, text := get(t, nodes.fast, "/results"); code != http.StatusNotFound {
		t.Errorf("fast has answers: code %d: %s", code, text)
	}
	if err := nodes.stop(); err != nil {
		t.Error(err)
	}
	began := time.Now()
	for brief.Scan() {
	}
	if took := time.Since(began); took > callTime {
		t.Error(fmt.Sprint("the stream outlives its node by ", took))
	}
	nodes.fast, nodes.slow, nodes.end = nil, nil, nil
}
