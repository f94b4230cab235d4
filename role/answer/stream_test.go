package answer

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/transport"
)

// A subscriber over the network is told at once that it has begun, then of answers and of frames that will have none, and that the
// stream is alive, until the fan is closed.
func TestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fan, told := NewFan(), make(chan transport.Told, 16)
		ended := make(chan error, 1)
		go func() {
			ended <- fan.Stream(t.Context(), "r", false, func(is transport.Told) error { told <- is; return nil })
		}()
		if first := <-told; len(first.Answers)+len(first.Gone) > 0 || first.Missed > 0 {
			t.Errorf("%+v", first)
		}
		label := 3
		a := Answer{Run: "r", ID: 7, Node: "slow", Address: "slow:1", AgeMS: 1.5, Label: &label,
			Outputs: []Output{{Shape: []int{2}, Values: Numbers{1, 2}}, {Shape: []int{1}, Values: Numbers{3}}}}
		fan.Publish(Event{Run: "other", Answer: &Answer{Run: "other", ID: 1}})
		fan.Publish(Event{Run: "r", Answer: &a})
		synctest.Wait()
		is := <-told
		if len(is.Answers) != 1 {
			t.Fatalf("%+v", is)
		}
		f := is.Answers[0]
		if f.ID != 7 || f.Label != label || f.Age != 1500*time.Microsecond || f.By != (pipeline.NodeID{Role: "slow", Address: "slow:1"}) || !slices.Equal(f.Data, []float32{1, 2, 3}) || len(f.Shapes) != 2 {
			t.Errorf("%+v", f)
		}
		if len(a.Outputs[0].Values) != 2 || cap(f.Data) < 3 {
			t.Errorf("the answer has become %v", a.Outputs)
		}
		fan.Publish(Event{Run: "r", Gone: pipeline.Loss{NodeID: pipeline.NodeID{Role: "fast"}, Outcome: pipeline.Refused}})
		if is := <-told; len(is.Gone) != 1 || is.Gone[0].Outcome != pipeline.Refused || len(is.Answers) > 0 {
			t.Errorf("%+v", is)
		}
		began := time.Now()
		if is := <-told; len(is.Answers)+len(is.Gone) > 0 || time.Since(began) > transport.Beat {
			t.Errorf("%+v, after %v", is, time.Since(began))
		}
		fan.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// A stream ends with its subscriber, and one too many is refused.
func TestStreamsEnd(t *testing.T) {
	fan := NewFan()
	gone := errors.New("the subscriber is gone")
	if err := fan.Stream(t.Context(), "", false, func(transport.Told) error { return gone }); err != gone {
		t.Error(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	if err := fan.Stream(ctx, "", false, func(transport.Told) error { stop(); return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	var err error
	for n := 0; err == nil && n < 1000; n++ {
		_, err = fan.Subscribe("", false)
	}
	if err == nil {
		t.Fatal("a thousand subscribers are let in")
	}
	if busy := fan.Stream(t.Context(), "", false, nil); !errors.Is(busy, pipeline.ErrBusy) || !strings.Contains(busy.Error(), err.Error()) {
		t.Error(busy)
	}
	w := httptest.NewRecorder()
	if fan.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/results", nil)); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), err.Error()) {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	if fan.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/results?answers=all", nil)); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `answers="all" is neither top nor full`) {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
}

// A browser hears of a frame that will have no answer what has become of it, and where.
func TestReadersHearWhatIsGone(t *testing.T) {
	fan := NewFan()
	s := httptest.NewServer(fan)
	defer s.Close()
	r, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	frames, err := pipeline.NewIDs([]uint64{3, 1})
	if err != nil {
		t.Fatal(err)
	}
	loss := pipeline.Loss{NodeID: pipeline.NodeID{Role: "slow", Address: "slow:1"}, Outcome: pipeline.Expired, Frames: frames}
	fan.Publish(Event{Run: "r", Gone: loss})
	fan.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, data, _ := strings.Cut(string(text), "event: gone\ndata: ")
	data, _, _ = strings.Cut(data, "\n")
	var got Gone
	if err := json.Unmarshal([]byte(data), &got); err != nil || data == "" || !strings.Contains(data, `"outcome":"expired"`) || !strings.Contains(data, "slow:1") || !strings.Contains(data, frames.String()) {
		t.Errorf("%v: %s", err, text)
	}
}

// Where a sink can't be opened, its flag is named, and nothing is left open; what is open takes answers until it is closed.
func TestSinksAreOpened(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"x.jsonl", "x.npy", "x.npz"} {
		at := filepath.Join(folder, "none", name)
		if all, err := Open(Wanted{Results: at, Log: zerolog.Nop()}, NewFan()); err == nil || all != nil || !strings.HasPrefix(err.Error(), "--results: ") || !strings.Contains(err.Error(), at) {
			t.Errorf("%s: %v", name, err)
		}
	}
	fan := NewFan()
	for name := range map[string]bool{"a.jsonl": false, "b.npz": true} {
		at := filepath.Join(folder, name)
		all, err := Open(Wanted{Results: at, Log: zerolog.Nop()}, fan)
		if err != nil || len(all) != 1 {
			t.Fatalf("%s: %d sinks, %v", name, len(all), err)
		}
		if err := all.Begin(pipeline.Run{ID: "r", Outputs: []pipeline.Tensor{{Name: "y", Shape: []int{1}, Type: "float32"}}}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		fan.Publish(Event{Run: "r", Answer: &Answer{Run: "r", Outputs: []Output{{Name: "y", Shape: []int{1}, Values: Numbers{1}}}}})
		if errs := all.Flush(); len(errs) > 0 {
			t.Errorf("%s: %v", name, errs)
		}
		if err := all.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if info, err := os.Stat(at); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is missing is counted, and named after the flag.
func TestMissingAnswersAreSaid(t *testing.T) {
	full := errors.New("the disk is full")
	for want, m := range map[string]missing{
		"": {}, "--results: the disk is full": {err: full}, "--results: an answer is missing, because the disk is full": {lost: 1, err: full},
		"--results: 7 answers are missing, the first because the disk is full": {lost: 7, err: full},
	} {
		if err := m.error("--results"); (err == nil) != (want == "") || err != nil && (err.Error() != want || !errors.Is(err, full)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
