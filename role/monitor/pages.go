package monitor

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tandem/role/report"
)

// pageTime is how long a reader may take to fetch what is served beside the calls.
const pageTime = 10 * time.Second

// Handler serves what people, probes and monitoring read, on the port of the calls:
//
//	every node   /status  /healthz  /readyz  /metrics
//	end          /  /events  /results  /runs.jsonl  /runs.csv
func (m *Monitor) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", m.serveStatus)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", m.serveReady)
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.Metrics.registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes}))
	if m.History == nil {
		mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
			plain(w, http.StatusOK, fmt.Sprintf("This is tandem's %s node. See /status, /metrics, /healthz and /readyz; the page is on the end node.", m.Role))
		})
		return bounded(mux)
	}
	mux.HandleFunc("GET /runs.jsonl", m.History.serveRuns(report.JSON, "application/jsonl"))
	mux.HandleFunc("GET /runs.csv", m.History.serveRuns(report.CSV, "text/csv; charset=utf-8"))
	mux.Handle("GET /", pageHandler())

	all := http.NewServeMux() // an endless answer has deadlines of its own
	all.HandleFunc("GET /events", m.History.serveEvents)
	if m.Results != nil {
		all.Handle("GET /results", m.Results)
	}
	all.Handle("/", bounded(mux))
	return all
}

// bounded ends answers that nobody fetches.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn := http.NewResponseController(w)
		if conn.SetWriteDeadline(time.Now().Add(pageTime)) == nil {
			defer func() { // the connection may carry a call next, which has another
				_ = conn.Flush()
				_ = conn.SetWriteDeadline(time.Time{})
			}()
		}
		next.ServeHTTP(w, r)
	})
}

// fresh says what kind of an answer it is, and that the next one will differ.
func fresh(w http.ResponseWriter, kind string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
}

// plain answers with a line of text.
func plain(w http.ResponseWriter, code int, text string) {
	fresh(w, "text/plain; charset=utf-8")
	w.WriteHeader(code)
	fmt.Fprintln(w, text)
}

func (m *Monitor) serveStatus(w http.ResponseWriter, _ *http.Request) {
	text, err := json.Marshal(m.Snapshot())
	if err != nil { // a figure is no number
		http.Error(w, "the status can't be shown: "+err.Error(), http.StatusInternalServerError)
		return
	}
	fresh(w, "application/json")
	_, _ = w.Write(append(text, '\n'))
}

func (m *Monitor) serveReady(w http.ResponseWriter, _ *http.Request) {
	line := func(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") } // a probe shows one
	switch failed, missing := m.Ready(); {
	case failed != nil:
		plain(w, http.StatusServiceUnavailable, line(failed))
	case missing != nil:
		plain(w, http.StatusOK, "ready, but "+line(missing))
	default:
		plain(w, http.StatusOK, "ready")
	}
}
