package role

import (
	"net"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"tandem/transport/auth"
)

// watchCredentials loads the keys and certificates that the configuration names into it, reads them again on SIGHUP, and
// looks twice a day whether they expire soon. stop ends that.
func watchCredentials(cfg *setup) (stop func(), err error) {
	creds, err := auth.Load(cfg.Files)
	if err != nil || creds == nil {
		return func() {}, err
	}
	cfg.credentials = creds
	warnOfExpiry(cfg.Log, creds, time.Now())
	hangups, stopped := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hangups, syscall.SIGHUP)
	var watch sync.WaitGroup
	watch.Go(func() {
		tick := time.NewTicker(12 * time.Hour)
		defer tick.Stop()
		for {
			select {
			case <-stopped:
				return
			case <-tick.C:
			case <-hangups:
				if err := creds.Reload(); err != nil {
					cfg.Log.Error().Err(err).Msg("keys and certificates were not read again: those of before stay in use")
					continue
				}
				cfg.Log.Info().Msg("keys and certificates were read again")
			}
			warnOfExpiry(cfg.Log, creds, time.Now())
		}
	})
	return func() {
		signal.Stop(hangups)
		close(stopped)
		watch.Wait()
	}, nil
}

// warning is how long before a certificate expires its owner is told.
const warning = 30 * 24 * time.Hour

func warnOfExpiry(log zerolog.Logger, creds *auth.Credentials, now time.Time) {
	if begins := creds.Begins(); now.Before(begins) {
		log.Warn().Str("begins", begins.Format(time.DateOnly)).Str("now", now.Format(time.DateTime)).
			Msg("the certificate, or its CA, is not valid yet, and neighbours refuse it if their clock says so too: set the clocks")
	}
	expires := creds.Expires()
	if expires.IsZero() || expires.Sub(now) > warning {
		return
	}
	days := int(expires.Sub(now).Hours() / 24)
	event, what := log.Warn(), "the certificate, or its CA, expires soon: make a new one with tandem cert, and send SIGHUP"
	if expires.Before(now) {
		event, what = log.Error(), "the certificate, or its CA, has expired, and the neighbours refuse it: make a new one with tandem cert, and send SIGHUP"
	}
	event.Str("expires", expires.Format(time.DateOnly)).Int("days", days).Msg(what)
}

// newGate makes the gate of a node. Whom it refuses is logged, some of them.
func newGate(cfg setup) *auth.Gate {
	log := someOf(cfg.Log)
	return auth.NewGate(cfg.credentials, func(r auth.Refusal) {
		log.Warn().Str("peer", r.Peer).Str("reason", string(r.Reason)).Msg("peer refused: " + r.Text)
	}, append(slices.Clip(cfg.Hosts), cfg.Listen)...)
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
