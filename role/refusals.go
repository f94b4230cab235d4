package role

import (
	"github.com/prometheus/client_golang/prometheus"

	"tandem/transport/auth"
)

// refusals shows Prometheus how many peers a gate has refused.
type refusals struct{ gate *auth.Gate }

var _ prometheus.Collector = refusals{}

var refusedPeers = describe("tandem_refused_peers_total", "Peers that were refused, by reason.", "reason")

// Describe says what there may be.
func (refusals) Describe(to chan<- *prometheus.Desc) { to <- refusedPeers }

// Collect says what there is; also what has not happened yet, so that the first time shows as a rise.
func (r refusals) Collect(to chan<- prometheus.Metric) {
	refused := r.gate.Refused()
	for _, why := range auth.Reasons {
		to <- prometheus.MustNewConstMetric(refusedPeers, prometheus.CounterValue, float64(refused[why]), string(why))
	}
}
