package monitor

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Metrics are what a node shows to Prometheus. Counters go on over all runs; no run has a label, as there may be any
// number of them.
type Metrics struct {
	registry *prometheus.Registry

	// These are told how long it took; that allocates nothing.
	Service func(time.Duration) // fast and slow: of a frame in the layers
	Wait    func(time.Duration) // fast and slow: of a frame in the queue
	Age     func(time.Duration) // end: of a frame when it arrives
}

func newMetrics(o Options) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	histogram := func(name, help string, first float64) func(time.Duration) {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: prometheus.ExponentialBuckets(first, 2, 15)})
		m.registry.MustRegister(h)
		return func(d time.Duration) { h.Observe(d.Seconds()) }
	}
	if o.Role == end {
		m.Age = histogram("tandem_age_seconds", "Age of the frames that reached end, since the client sent them.", 0.002)
	} else {
		m.Service = histogram("tandem_service_seconds", "Time of a frame in the layers of this node.", 0.0005)
		m.Wait = histogram("tandem_queue_wait_seconds", "Time of a frame in the queue of this node.", 0.0005)
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		&totalsCollector{Options: o, highest: make(map[string]float64)})
	return m
}

// maxScrapes bounds the answers to Prometheus that are made at once.
const maxScrapes = 8
