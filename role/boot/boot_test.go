package boot

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// logged collects the lines of a log.
type logged struct{ strings.Builder }

// A node waits for its own address, and says so once a minute.
func TestListenWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logged
		began := time.Now()
		want := &net.TCPListener{}
		got, err := Listen(t.Context(), "10.0.0.7:12345", time.Hour, zerolog.New(&log), func() (net.Listener, error) {
			if time.Since(began) < 150*time.Second {
				return nil, &net.OpError{Err: syscall.EADDRNOTAVAIL}
			}
			return want, nil
		})
		if err != nil || got != want {
			t.Fatal(got, err)
		}
		if n := strings.Count(log.String(), "waiting for this node's own address"); n != 3 {
			t.Errorf("it said %d times that it waits in 150 s: %s", n, log.String())
		}
	})
}

func TestListenGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for says, err := range map[string]error{"the port is in use": syscall.EADDRINUSE, "no such address": syscall.EADDRNOTAVAIL, "permission": syscall.EACCES} {
			began := time.Now()
			_, got := Listen(t.Context(), "10.0.0.7:12345", 3*time.Second, zerolog.Nop(), func() (net.Listener, error) { return nil, err })
			if !errors.Is(got, err) && err != syscall.EADDRINUSE || !strings.Contains(got.Error(), says) {
				t.Errorf("%v: %v", err, got)
			}
			if waited := time.Since(began); err != syscall.EADDRNOTAVAIL && waited > 0 {
				t.Errorf("%v: it waited for %s", err, waited)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := Listen(ctx, "x", time.Hour, zerolog.Nop(), func() (net.Listener, error) { return nil, syscall.EADDRNOTAVAIL }); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// systemd is told that the process is ready, its status, and that it is alive for as long as it answers itself.
func TestService(t *testing.T) {
	if s := NewService(zerolog.Nop()); s != nil {
		t.Fatal("a process without systemd is a service")
	}
	var none *Service
	none.Ready(nil)
	none.Status("x")
	none.Stop()

	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	receive := func() string {
		b := make([]byte, 256)
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		n, err := conn.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "30000") // microseconds
	s := NewService(zerolog.Nop())
	var hangs atomic.Bool
	s.Ready(func(ctx context.Context) error {
		if hangs.Load() {
			<-ctx.Done()
		}
		return ctx.Err()
	})
	s.Status("ready")
	var said []string
	for len(said) < 5 {
		said = append(said, receive())
	}
	for _, want := range []string{"STATUS=starting", "READY=1", "WATCHDOG=1", "STATUS=ready"} {
		if !slices.Contains(said, want) {
			t.Errorf("it did not say %s: %q", want, said)
		}
	}
	hangs.Store(true)
	s.Status("hangs")
	for receive() != "STATUS=hangs" {
	}
	s.Stop()
	_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	pings := 0
	for b := make([]byte, 256); ; pings++ {
		if _, err := conn.Read(b); err != nil {
			break
		}
	}
	if pings > 1 { // one may have been under way
		t.Errorf("a process that hangs told the watchdog %d times that it is alive", pings)
	}
}
