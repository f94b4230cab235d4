package monitor

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tandem/pipeline"
)

// Every node shows its status, health and metrics; end has the page and past runs besides, and the others say where.
func TestPagesOfANode(t *testing.T) {
	for _, role := range []string{"fast", "end"} {
		t.Run(role, func(t *testing.T) {
			shown := running()
			var failed, missing error
			m := New(Options{
				Role: role, Version: "v1", Queue: 10,
				Snapshot: func() Snapshot { return shown },
				Totals: func() Totals {
					now := statusOf(role, "x")
					now.Capacity = 10
					return Totals{Runs: 3, Open: true, Now: now, Below: map[pipeline.NodeID]bool{{Role: "slow", Address: "a:1"}: true, {Role: "slow", Address: "b:1"}: false}}
				},
				Ready:   func() (error, error) { return failed, missing },
				Refused: func() map[string]int64 { return map[string]int64{"no_key": 5} },
				Log:     func(err error) { t.Error(err) },
			})
			t.Cleanup(m.Close)
			handler := m.Handler()
			get := func(path string, code int, says ...string) (text string) {
				t.Helper()
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
				text = w.Body.String()
				if w.Code != code {
					t.Errorf("%s: code %d, want %d: %.200s", path, w.Code, code, text)
				}
				for _, s := range says {
					if !strings.Contains(text, s) {
						t.Errorf("%s: %q is missing: %.2000s", path, s, text)
					}
				}
				return text
			}
			get("/healthz", http.StatusOK, "ok\n")
			get("/readyz", http.StatusOK, "ready\n")
			missing = errors.New("one is away")
			if text := get("/readyz", http.StatusOK); text != "ready, but one is away\n" {
				t.Errorf("%q", text)
			}
			failed = errors.New("one is away\nso is the other")
			if text := get("/readyz", http.StatusServiceUnavailable); text != "one is away; so is the other\n" {
				t.Errorf("%q", text)
			}
			var status Snapshot
			if err := json.Unmarshal([]byte(get("/status", http.StatusOK)), &status); err != nil || status.Node != shown.Node || status.Run.ID != shown.Run.ID {
				t.Errorf("%+v, %v", status, err)
			}
			get("/metrics", http.StatusOK, "tandem_runs_total 3", "tandem_run_open 1", `tandem_refused_peers_total{reason="no_key"} 5`, `version="v1"`)
			get("/no-such-page", http.StatusNotFound)
			if role != "end" {
				get("/", http.StatusOK, "tandem's fast node", "the page is on the end node")
				get("/metrics", http.StatusOK, "tandem_queue_capacity 10", `tandem_neighbour_up{address="a:1",role="slow"} 1`, `tandem_neighbour_up{address="b:1",role="slow"} 0`)
				get("/runs.csv", http.StatusNotFound)
				return
			}
			get("/", http.StatusOK, "<!doctype html>")
			m.History.Add(pipeline.Report{Run: "r", Strategy: "balance", Frames: 7})
			get("/runs.jsonl", http.StatusOK, `"run":"r","strategy":"balance"`)
			get("/runs.csv", http.StatusOK, "run,strategy,", "r,balance,")
			seen := []pipeline.LastSeen{{NodeID: pipeline.NodeID{Role: "slow", Address: "a:1"}, Cause: pipeline.Died, Frames: "3"}}
			m.History.Add(pipeline.Report{Run: "other", Strategy: "credit"})
			m.History.Add(pipeline.Report{Run: "r", Strategy: "balance", Frames: 9, LastSeen: seen}) // it was taken up again
			again := get("/runs.jsonl", http.StatusOK, `"frames":9`, `"cause":"died","frames":"3"`)
			if strings.Count(again, "\n") != 2 || strings.Contains(again, `"frames":7`) || strings.Index(again, "other") > strings.Index(again, `"run":"r"`) {
				t.Errorf("the last report of a run is not its only one:\n%s", again)
			}
			shown.Live = &pipeline.Live{Rate: math.NaN()}
			get("/status", http.StatusInternalServerError, "can't be shown")
			shown.Live = nil // the history looks too
		})
	}
}

// What is shown of a run that is open are its own settings, in the units of reports.
func TestOpenRun(t *testing.T) {
	r := NewOpenRun(pipeline.Run{ID: "r", Strategy: "takeover", Tasks: 20, Frames: 9, Interval: 30 * time.Millisecond, Model: "m.onnx", Cuts: []int{2}}, 1500*time.Millisecond)
	if r.ID != "r" || r.Strategy != "takeover" || r.Tasks != 20 || r.Frames != 9 || r.IntervalMS != 30 || r.Model != "m.onnx" || len(r.Cuts) != 1 || r.OpenS != 1.5 {
		t.Errorf("%+v", r)
	}
}
