package monitor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"sync"
	"time"

	"tandem/pipeline"
	"tandem/role/report"
	"tandem/role/sse"
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
	viewers map[viewer]bool
	ticks   int
	closed  bool

	stop func()
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

// shortSample is what is remembered of one: what the page draws of the past.
type shortSample struct {
	T      int64       `json:"t"`
	Status shortStatus `json:"status"`
}

type shortStatus struct {
	Run   map[string]string `json:"run"` // its id; null: none was open
	Live  *pipeline.Live    `json:"live"`
	Nodes []shortNode       `json:"nodes"`
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

func shortOf(full sample) shortSample {
	s := shortSample{full.T, shortStatus{Live: full.Status.Live}}
	if run := full.Status.Run; run != nil {
		s.Status.Run = map[string]string{"id": run.ID}
	}
	for _, n := range full.Status.Nodes {
		s.Status.Nodes = append(s.Status.Nodes, shortNode{n.NodeID, n.Queue, n.Capacity, n.State, n.Forwarded, n.Finished, n.Refused, n.RateIn, n.RateOut})
	}
	return s
}

// StartHistory begins to take samples; Close ends it. log is told what can't be shown.
func StartHistory(look func() Snapshot, log func(error)) *History {
	h := &History{look: look, log: log, viewers: make(map[viewer]bool)}
	h.stop = onBeat(sampleEvery, h.tick)
	return h
}

// Close ends the samples and sends the viewers away. It may be called more than once.
func (h *History) Close() {
	h.mu.Lock()
	h.closed = true
	for v := range h.viewers {
		h.cut(v)
	}
	h.mu.Unlock()
	h.stop()
}

// tick takes a sample, where a run is open or somebody is watching. It is made into text once for all who watch.
func (h *History) tick(now time.Time) {
	one := sample{now.UnixMilli(), h.look()}
	h.mu.Lock()
	watched := len(h.viewers) > 0
	h.mu.Unlock()
	if one.Status.Run == nil && !watched {
		return
	}
	short, err := json.Marshal(shortOf(one))
	var full []byte
	if err == nil && watched {
		full, err = json.Marshal(one)
	}
	if err != nil {
		h.log(err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.samples = newest(append(h.samples, short), maxSamples)
	if h.ticks++; watched {
		e := event("sample", full)
		if h.ticks%commentEvery == 0 {
			e = append(e, sse.Comment...) // a comment, in which a proxy sees life
		}
		h.tell(e)
	}
}

// Add remembers the report of a run that was closed, and tells the viewers. Where the run was taken up again, it takes the
// place of the one of before.
func (h *History) Add(r pipeline.Report) {
	text, err := json.Marshal(r)
	if err != nil {
		h.log(err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.runs = slices.DeleteFunc(h.runs, func(before pastRun) bool { return before.report.Run == r.Run })
	h.runs = append(h.runs, pastRun{r, text})
	h.runs = newest(h.runs, fitting(h.runs))
	h.tell(event("run", text))
}

// fitting is how many of the newest runs are remembered: those of many nodes are long.
func fitting(runs []pastRun) (n int) {
	for bytes := 0; n < min(len(runs), maxRuns); n++ {
		if bytes += len(runs[len(runs)-1-n].json); bytes > maxRunBytes {
			break
		}
	}
	return n
}

// newest keeps the last so many, in memory that does not grow.
func newest[T any](list []T, most int) []T { return slices.Delete(list, 0, max(0, len(list)-most)) }

// all is the history as one JSON object. Call it with h.mu held.
func (h *History) all() []byte {
	var runs [][]byte
	for _, r := range h.runs {
		runs = append(runs, r.json)
	}
	comma := []byte(",")
	return fmt.Appendf(nil, `{"samples":[%s],"runs":[%s]}`, bytes.Join(h.samples, comma), bytes.Join(runs, comma))
}

// serveRuns answers with the reports as --format prints them, with --last-seen.
func (h *History) serveRuns(format report.Format, kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		runs := slices.Clone(h.runs)
		h.mu.Unlock()
		var text bytes.Buffer
		to, err := report.Open(report.Options{Format: format, LastSeen: true, Stdout: &text})
		for _, run := range runs {
			if err == nil {
				err = to.Print(run.report)
			}
		}
		if err != nil {
			http.Error(w, "the reports can't be shown: "+err.Error(), http.StatusInternalServerError)
			return
		}
		fresh(w, kind)
		w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", path.Base(r.URL.Path)))
		_, _ = w.Write(text.Bytes())
	}
}
