package cert

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"tandem/transport/auth"
)

// Watch loads keys and certificates, reads them again on SIGHUP, and looks twice a day whether they expire soon. stop ends
// that. Without files there are none, and nothing is watched.
func Watch(files auth.Files, log zerolog.Logger) (creds *auth.Credentials, stop func(), err error) {
	creds, err = auth.Load(files)
	if err != nil || creds == nil {
		return nil, func() {}, err
	}
	warnOfExpiry(log, creds, time.Now())
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
					log.Error().Err(err).Msg("keys and certificates were not read again: those of before stay in use")
					continue
				}
				log.Info().Msg("keys and certificates were read again")
			}
			warnOfExpiry(log, creds, time.Now())
		}
	})
	return creds, func() {
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
