package role

import (
	"bytes"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"
)

// metrics are what a node shows to Prometheus. Counters go on over all runs; no run has a label, as there may be any
// number of them.
type metrics struct {
	registry *prometheus.Registry
	service  prometheus.Histogram // fast and slow: of a frame in the layers
	wait     prometheus.Histogram // fast and slow: of a frame in the queue
	age      prometheus.Histogram // end: of a frame when it arrives
}

func newMetrics(n *node) *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	histogram := func(name, help string, first float64) prometheus.Histogram {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: prometheus.ExponentialBuckets(first, 2, 15)})
		m.registry.MustRegister(h)
		return h
	}
	if n.role == End {
		m.age = histogram("tandem_age_seconds", "Age of the frames that reached end, since the client sent them.", 0.002)
	} else {
		m.service = histogram("tandem_service_seconds", "Time of a frame in the layers of this node.", 0.0005)
		m.wait = histogram("tandem_queue_wait_seconds", "Time of a frame in the queue of this node.", 0.0005)
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(&tallies{node: n, highest: make(map[string]float64)})
	return m
}

// observe is what a stage or a recording feeds to a histogram; it allocates nothing.
func observe(h prometheus.Histogram) func(time.Duration) {
	return func(d time.Duration) { h.Observe(d.Seconds()) }
}

// ServeHTTP answers in Prometheus's text format. The library's own handler would do that too, and with its compression
// and negotiation it is 0.3 MB of the ARM binary.
func (m *metrics) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	families, err := m.registry.Gather()
	var text bytes.Buffer
	for _, f := range families {
		if err == nil {
			_, err = expfmt.MetricFamilyToText(&text, f)
		}
	}
	if err != nil {
		http.Error(w, "the metrics can't be shown: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(text.Bytes())
}
