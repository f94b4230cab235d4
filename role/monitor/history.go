package monitor

import (
	"bytes"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"tandem/pipeline"
	"tandem/role/report"
)

// What end remembers, in constant memory.
const (
	sampleEvery = time.Second
	maxSamples  = 600 // ten minutes
	maxRuns     = 500
	maxRunBytes = 8 << 20 // of their reports as JSON
)

// History is what end remembers for those who look: a short sample a second, and the reports of past runs. It is empty
// when end starts.
type History struct {
	look func() Snapshot
	log  func(error) // of what can't be shown

	mu      sync.Mutex
	samples [][]byte  // JSON, oldest first, at most maxSamples
	runs    []pastRun // oldest first, at most maxRuns of maxRunBytes
	viewers map[*viewer]struct{}
	ticks   int
	closed  bool

	stop    chan struct{}
	ticking sync.WaitGroup
}

// pastRun is a report, as it is and as it is shown.
type pastRun struct {
	report pipeline.Report
	json   []byte
}

// sample is what viewers are told once a second.
type sample struct {
	T      int64    `json:"t"` // Unix milliseconds
	Status Snapshot `json:"status"`
}

// shortSample is what is remembered of one.
type shortSample struct {
	T        int64       `json:"t"`
	Run      string      `json:"run"` // empty: none was open
	Coverage float64     `json:"coverage"`
	Rate     float64     `json:"rate"`
	AgeP50MS float64     `json:"age_p50_ms"`
	AgeP95MS float64     `json:"age_p95_ms"`
	Nodes    []shortNode `json:"nodes"`
}

type shortNode struct {
	pipeline.NodeID
	Queue     int            `json:"queue"`
	Capacity  int            `json:"capacity"`
	State     pipeline.State `json:"state"`
	Forwarded int64          `json:"forwarded"`
	Finished  int64          `json:"finished"`
	Refused   int64          `json:"refused"`
	RateIn    float64        `json:"rate_in"`
	RateOut   float64        `json:"rate_out"`
}

func shortOf(t int64, r Snapshot) shortSample {
	s := shortSample{T: t, Nodes: []shortNode{}}
	if r.Run != nil {
		s.Run = r.Run.ID
	}
	if l := r.Live; l != nil {
		s.Coverage, s.Rate, s.AgeP50MS, s.AgeP95MS = l.Coverage, l.Rate, l.AgeP50MS, l.AgeP95MS
	}
	for _, n := range r.Nodes {
		s.Nodes = append(s.Nodes, shortNode{
			NodeID: n.NodeID, Queue: n.Queue, Capacity: n.Capacity, State: n.State,
			Forwarded: n.Forwarded, Finished: n.Finished, Refused: n.Refused, RateIn: n.RateIn, RateOut: n.RateOut,
		})
	}
	return s
}

// StartHistory begins to take samples; Close ends it. log is told what can't be shown.
func StartHistory(look func() Snapshot, log func(error)) *History {
	h := &History{look: look, log: log, viewers: make(map[*viewer]struct{}), stop: make(chan struct{})}
	h.ticking.Go(func() {
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		for {
			select {
			case now := <-tick.C:
				h.tick(now)
			case <-h.stop:
				return
			}
		}
	})
	return h
}

// Close ends the samples and sends the viewers away.
func (h *History) Close() {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return
	}
	h.closed = true
	close(h.stop)
	for v := range h.viewers {
		h.cut(v)
	}
	h.mu.Unlock()
	h.ticking.Wait()
}

// tick takes a sample, where a run is open or somebody is watching. It is made into text once for all who watch.
func (h *History) tick(now time.Time) {
	r := h.look()
	h.mu.Lock()
	watched := len(h.viewers) > 0
	h.mu.Unlock()
	if r.Run == nil && !watched {
		return
	}
	t := now.UnixMilli()
	short, err := json.Marshal(shortOf(t, r))
	if err != nil {
		h.log(err)
		return
	}
	var full []byte
	if watched {
		if full, err = json.Marshal(sample{t, r}); err != nil {
			h.log(err)
			return
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.samples = newest(append(h.samples, short), maxSamples)
	h.ticks++
	if full != nil {
		h.tell(event("sample", full, h.ticks%commentEvery == 0))
	}
}

// Add remembers the report of a run that was closed, and tells the viewers.
func (h *History) Add(r pipeline.Report) {
	text, err := json.Marshal(r)
	if err != nil {
		h.log(err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.runs = newest(append(h.runs, pastRun{r, text}), maxRuns)
	h.runs = newest(h.runs, fitting(h.runs))
	h.tell(event("run", text, false))
}

// fitting is how many of the newest runs are remembered: those of many nodes are long.
func fitting(runs []pastRun) int {
	bytes := 0
	for i := len(runs) - 1; i >= 0; i-- {
		if bytes += len(runs[i].json); bytes > maxRunBytes {
			return len(runs) - 1 - i
		}
	}
	return len(runs)
}

// newest keeps the last so many, in memory that does not grow.
func newest[T any](list []T, most int) []T {
	if len(list) <= most {
		return list
	}
	clear(list[copy(list, list[len(list)-most:]):])
	return list[:most]
}

// all is the history as one JSON object. Call it with h.mu held.
func (h *History) all() []byte {
	var runs [][]byte
	for _, r := range h.runs {
		runs = append(runs, r.json)
	}
	comma := []byte(",")
	return bytes.Join([][]byte{
		[]byte(`{"samples":[`), bytes.Join(h.samples, comma), []byte(`],"runs":[`), bytes.Join(runs, comma), []byte(`]}`),
	}, nil)
}

func (h *History) serveJSON(w http.ResponseWriter, _ *http.Request) {
	h.serveRuns(w, report.JSON, "application/jsonl", "runs.jsonl")
}

func (h *History) serveCSV(w http.ResponseWriter, _ *http.Request) {
	h.serveRuns(w, report.CSV, "text/csv; charset=utf-8", "runs.csv")
}

// serveRuns answers with the reports as --format prints them.
func (h *History) serveRuns(w http.ResponseWriter, f report.Format, kind, name string) {
	h.mu.Lock()
	runs := append([]pastRun(nil), h.runs...)
	h.mu.Unlock()
	var text bytes.Buffer
	to, err := report.Open(report.Options{Format: f, Stdout: &text})
	if err != nil {
		return // it opens no file
	}
	for _, r := range runs {
		if err := to.Print(r.report); err != nil {
			http.Error(w, "the reports can't be shown: "+err.Error(), http.StatusInternalServerError)
			return
		}
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(text.Bytes())
}
