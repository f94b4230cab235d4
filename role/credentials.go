package role

import (
	"net"
	"slices"

	"tandem/role/serve"
	"tandem/transport/auth"
)

// newGate makes the gate of a node. Whom it refuses is logged, some of them.
func newGate(cfg setup) *auth.Gate {
	log := someOf(cfg.Log)
	return auth.NewGate(cfg.credentials, func(r auth.Refusal) {
		log.Warn().Str("peer", r.Peer).Str("reason", string(r.Reason)).Msg("peer refused: " + r.Text)
	}, append(slices.Clip(cfg.Hosts), cfg.Listen)...)
}

// newFront makes the gate before the requests of --serve.
func newFront(cfg setup) *auth.Gate {
	cfg.Listen = cfg.Serve
	gate := newGate(cfg)
	gate.MaxConns = serve.MaxConns
	return gate
}

// refused counts whom a gate has refused, by reason; also reasons of which there was none.
func refused(gate *auth.Gate) func() map[string]int64 {
	return func() map[string]int64 {
		counts, all := gate.Refused(), map[string]int64{}
		for _, why := range auth.Reasons {
			all[string(why)] = int64(counts[why])
		}
		return all
	}
}

// warnIfOpen says once that a node is open to everybody who can reach it.
func warnIfOpen(cfg setup, listening net.Addr) {
	if tcp, ok := listening.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() && cfg.credentials == nil {
		cfg.Log.Warn().Msg("anyone on the network can use this node: give it --tls-cert, --tls-key and --tls-ca, or --key")
	}
}
