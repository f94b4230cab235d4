// Package boot is how a process comes up with its machine, and what it tells systemd meanwhile:
//
//	process ──▶ its address is there ──▶ it listens ──▶ the nodes below are there ──▶ frames
//	            wait, say so             READY=1        STATUS=waiting …, then ready
//	                                     WATCHDOG=1 for as long as it answers
//
// It is READY as soon as it listens: other devices may take long, and the machine's own start must not wait for them.
package boot

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/rs/zerolog"

	"tandem/pipeline"
)

// Times of waiting.
const (
	again  = 500 * time.Millisecond // between two attempts
	remind = time.Minute            // between two lines in the log about it
)

// Listen listens on an address. One that the machine does not have yet is waited for: its network may still be coming up.
func Listen(ctx context.Context, address string, wait time.Duration, log zerolog.Logger, listen func() (net.Listener, error)) (net.Listener, error) {
	began, said := time.Now(), time.Time{}
	for {
		l, err := listen()
		switch {
		case err == nil:
			return l, nil
		case errors.Is(err, syscall.EADDRINUSE):
			return nil, fmt.Errorf("--listen %s: the port is in use: stop the other program, or choose another port", address)
		case !errors.Is(err, syscall.EADDRNOTAVAIL):
			return nil, fmt.Errorf("--listen %s: %w", address, err)
		case time.Since(began) >= wait:
			return nil, fmt.Errorf("--listen %s: this machine has no such address: name one of its own, such as :12345 for all of them, or wait longer with --wait: %w", address, err)
		}
		if time.Since(said) >= remind {
			said = time.Now()
			log.Info().Str("address", address).Msg("waiting for this node's own address")
		}
		select {
		case <-time.After(again):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Service is this process as systemd sees it; nil: it is none.
type Service struct {
	log   zerolog.Logger
	stop  context.CancelFunc
	pings sync.WaitGroup
}

// NewService is the service that systemd has started this process as; nil: it has not.
func NewService(log zerolog.Logger) *Service {
	if sent, _ := daemon.SdNotify(false, "STATUS=starting"); !sent {
		return nil
	}
	return &Service{log: log, stop: func() {}}
}

// Ready says that the process is there. From now on it has to prove it: alive is asked as often as the watchdog wants, and may
// not hang. Nil: a process that runs is alive.
func (s *Service) Ready(alive func(context.Context) error) {
	if s == nil {
		return
	}
	s.notify(daemon.SdNotifyReady)
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil || every == 0 {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.pings.Go(func() { s.ping(ctx, every/3, alive) })
}

// ping tells the watchdog that the process answers.
func (s *Service) ping(ctx context.Context, every time.Duration, alive func(context.Context) error) {
	beat := time.NewTicker(every)
	defer beat.Stop()
	for {
		if err := ask(ctx, every, alive); err != nil {
			s.log.Error().Err(err).Msg("this process does not answer itself: systemd is going to start it again")
		} else {
			s.notify(daemon.SdNotifyWatchdog)
		}
		select {
		case <-beat.C:
		case <-ctx.Done():
			return
		}
	}
}

func ask(ctx context.Context, within time.Duration, alive func(context.Context) error) error {
	if alive == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if err := alive(ctx); err != nil && !errors.Is(err, pipeline.ErrStopping) {
		return err
	}
	return nil
}

// Status is what systemctl status shows.
func (s *Service) Status(text string) {
	if s != nil {
		s.notify("STATUS=" + text)
	}
}

// notify tells systemd; where it does not listen, the process goes on all the same.
func (s *Service) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		s.log.Warn().Err(err).Str("state", state).Msg("systemd can't be told")
	}
}

// Stop ends the pings.
func (s *Service) Stop() {
	if s != nil {
		s.stop()
		s.pings.Wait()
	}
}
