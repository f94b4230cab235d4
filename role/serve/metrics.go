package serve

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what Prometheus reads of the requests: GET /metrics.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec   // by status code
	seconds  *prometheus.HistogramVec // of all together
	underway prometheus.Gauge
}

// maxScrapes bounds the answers to Prometheus that are made at once.
const maxScrapes = 8

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tandem_requests_total", Help: "Requests for outputs of the network that were answered, by the status code of the answer.",
		}, []string{"code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tandem_request_seconds", Help: "Time that a request took until its answer was written.",
			Buckets: prometheus.ExponentialBuckets(0.002, 2, 15),
		}, nil),
		underway: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tandem_requests_underway", Help: "Requests that are being answered now.",
		}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.underway,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// of counts and times the requests that a handler answers.
func (m *metrics) of(next http.HandlerFunc) http.HandlerFunc {
	return promhttp.InstrumentHandlerInFlight(m.underway,
		promhttp.InstrumentHandlerCounter(m.requests,
			promhttp.InstrumentHandlerDuration(m.seconds, next))).ServeHTTP
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes})
}
