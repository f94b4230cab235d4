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

// subscriber is what a subscriber has been told.
type subscriber struct {
	mu      sync.Mutex
	answers map[uint64]pipeline.Frame
	gone    map[uint64]pipeline.Loss
	again   int // frames that were told of twice
}

func (s *subscriber) take(told transport.Told) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range told.Answers {
		if _, twice := s.answers[f.ID]; twice {
			s.again++
		}
		s.answers[f.ID] = f
	}
	for _, f := range told.Gone {
		for _, r := range f.Frames {
			for id := r[0]; id <= r[1]; id++ {
				if _, twice := s.gone[id]; twice {
					s.again++
				}
				s.gone[id] = f
			}
		}
	}
}

func (s *subscriber) all() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.answers) + len(s.gone)
}

// listen subscribes to end's answers to any run.
func listen(t *testing.T, c setup, end *server) *subscriber {
	t.Helper()
	s := &subscriber{answers: map[uint64]pipeline.Frame{}, gone: map[uint64]pipeline.Loss{}}
	ctx, stop := context.WithCancel(context.Background())
	begun, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		_ = newClient(c, end.address).Answers(ctx, "", false, func() { close(begun) }, s.take)
	}()
	<-begun
	t.Cleanup(func() { stop(); <-ended })
	return s
}

// Of each frame a subscriber is told once what became of it, wherever it ended: the answer with all outputs, which are PyTorch's,
// or that there is none, and on which node it ended.
func TestSubscriberIsToldOfEveryFrame(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Input.Paths, c.Frames, c.Interval, c.Queue = []string{digitsImages}, 300, 2*time.Millisecond, 3
		c.Emulate = device.Emulation{Name: "test", Tail: device.Always(6 * time.Millisecond)}
		nodes := startQuick(t, c)
		s := listen(t, c, nodes.end)
		r, err := nodes.run(t.Context(), c, "baseline")
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "all frames are told of", func() bool { return s.all() >= int(r.Frames) })
		if int64(len(s.answers)) != r.Delivered || int64(len(s.gone)) != r.Frames-r.Delivered || s.again != 0 {
			t.Errorf("%d answers, %d gone, %d again: %+v", len(s.answers), len(s.gone), s.again, r)
		}
		if len(s.gone) == 0 {
			t.Error("no frame was refused")
		}
		refused := map[pipeline.NodeID]int64{}
		for id, f := range s.gone {
			if refused[f.NodeID]++; f.Outcome != pipeline.Refused {
				t.Errorf("frame %d is %v on %v", id, f.Outcome, f.NodeID)
			}
		}
		for _, n := range r.Nodes {
			if refused[n.NodeID] != n.Refused {
				t.Errorf("%v, and a subscriber was told of %d", n, refused[n.NodeID])
			}
		}
		want, shape, err := input.ReadFloats(digitsOutputs[digits])
		if err != nil {
			t.Fatal(err)
		}
		for id, f := range s.answers {
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
	})
}

// What the client gives up is told of, too: fast hands it on.
func TestClientTellsWhatItRefuses(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		nodes := startQuick(t, c)
		s := listen(t, c, nodes.end)
		e, _, err := edge.Open(t.Context(), edge.Config{Target: toward(c, options.Fast, nodes.fast.address), From: "test"}, pipeline.Run{ID: "r", Strategy: "baseline"})
		if err != nil {
			t.Fatal(err)
		}
		e.Announce(pipeline.Loss{NodeID: pipeline.NodeID{Role: "client"}, Outcome: pipeline.Lost, Frames: pipeline.IDs{{4, 5}}})
		eventually(t, "it is told of", func() bool { return s.all() == 2 })
		if f := s.gone[5]; f.Role != "client" || f.Outcome != pipeline.Lost {
			t.Errorf("%+v", f)
		}
		if _, err := e.Close(t.Context(), edge.Ending{}); err != nil {
			t.Error(err)
		}
		if err := newClient(c, nodes.fast.address).Answers(t.Context(), "r", false, func() {}, func(transport.Told) {}); !errors.Is(err, pipeline.ErrInvalidRun) || !strings.Contains(err.Error(), "the end node") {
			t.Errorf("error %v", err)
		}
	})
}

// Server-sent events bring the same answers to a page or a script, with the outputs where they are asked for.
func TestResultsAsEvents(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Frames = 5
		nodes := startQuick(t, c)
		read := func(query string) *bufio.Scanner {
			r, err := program(c).Get("http://" + nodes.end.address + "/results" + query)
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
		if code, _, text := get(t, c, nodes.end, "/results?answers=none"); code != http.StatusBadRequest {
			t.Errorf("code %d: %s", code, text)
		}
		if code, _, text := get(t, c, nodes.fast, "/results"); code != http.StatusNotFound {
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
	})
}
