package monitor

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are what a node shows to Prometheus. Counters go on over all runs; no run has a label, as there may be any
// number of them.
type Metrics struct {
	registry *prometheus.Registry
	service  prometheus.Histogram // fast and slow: of a frame in the layers
	wait     prometheus.Histogram // fast and slow: of a frame in the queue
	age      prometheus.Histogram // end: of a frame when it arrives
}

func newMetrics(o Options) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	histogram := func(name, help string, first float64) prometheus.Histogram {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: prometheus.ExponentialBuckets(first, 2, 15)})
		m.registry.MustRegister(h)
		return h
	}
	if o.end() {
		m.age = histogram("tandem_age_seconds", "Age of the frames that reached end, since the client sent them.", 0.002)
	} else {
		m.service = histogram("tandem_service_seconds", "Time of a frame in the layers of this node.", 0.0005)
		m.wait = histogram("tandem_queue_wait_seconds", "Time of a frame in the queue of this node.", 0.0005)
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		&totalsCollector{Options: o, highest: make(map[string]float64)})
	return m
}

// The histograms are fed by these; a sample allocates nothing.
func (m *Metrics) Service(d time.Duration) { m.service.Observe(d.Seconds()) }
func (m *Metrics) Wait(d time.Duration)    { m.wait.Observe(d.Seconds()) }
func (m *Metrics) Age(d time.Duration)     { m.age.Observe(d.Seconds()) }

func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes})
}

// maxScrapes bounds the answers to Prometheus that are made at once.
const maxScrapes = 8
