package role

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tandem/pipeline"
	"tandem/role/cert"
	"tandem/role/options"
	"tandem/transport"
	"tandem/transport/auth"
)

const secret = "a-secret-of-this-site"

// keyFile writes a file for --key.
func keyFile(t testing.TB, text string) auth.Files {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return auth.Files{Secret: path}
}

// certificate makes a certificate for this machine, and its CA.
func certificate(t testing.TB) auth.Files {
	t.Helper()
	dir := t.TempDir()
	if err := cert.Make(cert.Options{Dir: dir, Devices: []string{"node,127.0.0.1"}, Stdout: io.Discard}); err != nil {
		t.Fatal(err)
	}
	return auth.Files{Cert: filepath.Join(dir, "node.pem"), Key: filepath.Join(dir, "node-key.pem"), CA: filepath.Join(dir, "ca.pem")}
}

func credentials(t testing.TB, f auth.Files) *auth.Credentials {
	t.Helper()
	c, err := auth.Load(f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Every strategy's frames pass every hop with credentials, and none without.
func TestRunsWithCredentials(t *testing.T) {
	for name, files := range map[string]func(testing.TB) auth.Files{
		"key": func(t testing.TB) auth.Files { return keyFile(t, secret) }, "certificates": certificate,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onOneHost(t, func(t *testing.T, c setup) {
				c.credentials = credentials(t, files(t))
				c.Frames, c.Queue, c.Interval = 50, 100, 0 // the hop sets the pace, and nothing is refused
				nodes := startQuick(t, c)
				for _, strategy := range []string{"baseline", "balance", "replicate"} {
					r, err := nodes.run(t.Context(), c, strategy)
					if err != nil {
						t.Fatal(err)
					}
					checkLedgers(t, r, 1)
					if r.Delivered != 50 {
						t.Errorf("%s: %d delivered", strategy, r.Delivered)
					}
				}
				c.credentials = nil
				if _, err := nodes.run(t.Context(), c, "baseline"); !errors.Is(err, pipeline.ErrNotAdmitted) {
					t.Errorf("without credentials: %v", err)
				}
				if n := nodes.fast.gate.Refused(); len(n) != 1 {
					t.Errorf("refused: %v", n)
				}
			})
		})
	}
}

// A node that does not get through to the one below says so when it is started, and why.
func TestNodeWithoutTheKeyDoesNotStart(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		c.Role, c.Wait = options.End, 300*time.Millisecond
		c.credentials = credentials(t, keyFile(t, secret))
		end, err := startNode(t.Context(), c, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = end.stop() })
		for name, test := range map[string]struct {
			creds *auth.Credentials
			says  string
		}{
			"no key":    {nil, "start its neighbour with --key"},
			"wrong key": {credentials(t, keyFile(t, "another-secret-of-old")), "the same --key"},
			"TLS":       {credentials(t, certificate(t)), "it speaks no TLS"},
		} {
			slow := c
			slow.Role, slow.Next, slow.credentials = options.Slow, []string{end.address}, test.creds
			_, err := startNode(t.Context(), slow, nil)
			if !errors.Is(err, pipeline.ErrNotAdmitted) || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), end.address) {
				t.Errorf("%s: error %v, want one that says %q", name, err, test.says)
			}
		}
	})
}

// An open node says so once; one that only this machine reaches has nobody to warn of.
func TestOpenNodeWarns(t *testing.T) {
	for _, test := range []struct {
		creds *auth.Credentials
		on    string
		warns bool
	}{
		{nil, "0.0.0.0", true}, {nil, "192.168.1.2", true}, {nil, "::", true}, {nil, "127.0.0.3", false}, {nil, "::1", false},
		{credentials(t, keyFile(t, secret)), "0.0.0.0", false},
	} {
		var log bytes.Buffer
		warnIfOpen(setup{Options: options.Options{Log: zerolog.New(&log)}, credentials: test.creds}, &net.TCPAddr{IP: net.ParseIP(test.on), Port: 12345})
		if got := strings.Contains(log.String(), "anyone on the network can use this node"); got != test.warns {
			t.Errorf("on %s: %q", test.on, log.String())
		}
	}
}

// Refusals are logged, but not all of a flood of them.
func TestRefusalsAreLogged(t *testing.T) {
	t.Parallel()
	onOneHost(t, func(t *testing.T, c setup) {
		var log bytes.Buffer
		c.Role, c.Log = options.End, zerolog.New(zerolog.SyncWriter(&log)).Level(zerolog.WarnLevel)
		c.credentials = credentials(t, keyFile(t, secret))
		end, err := startNode(t.Context(), c, nil)
		if err != nil {
			t.Fatal(err)
		}
		without := c
		without.credentials = nil
		for range 20 {
			if _, err := newClient(without, end.address).Reach(t.Context()); !errors.Is(err, pipeline.ErrNotAdmitted) {
				t.Errorf("error %v", err)
			}
		}
		with := httptest.NewRecorder()
		end.monitor.Handler().ServeHTTP(with, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		if want := `tandem_refused_peers_total{reason="no_key"} 20`; !strings.Contains(with.Body.String(), want) {
			t.Errorf("the metrics have no %s", want)
		}
		if err := end.stop(); err != nil { // who logs has ended
			t.Fatal(err)
		}
		lines := strings.Count(log.String(), "\n")
		if lines < 1 || lines > 6 || !strings.Contains(log.String(), `"peer":"127.0.0.1:`) || !strings.Contains(log.String(), `"reason":"no_key"`) {
			t.Errorf("%d lines: %s", lines, log.String())
		}
		if n := end.gate.Refused()[auth.NoKey]; n != 20 {
			t.Errorf("%d refusals are counted", n)
		}
	})
}

// However many openings a node refuses, its log stays short: it is on a card.
func TestRefusedOpeningsAreLogged(t *testing.T) {
	var log bytes.Buffer
	c := quick()
	c.Log = zerolog.New(zerolog.SyncWriter(&log)).Level(zerolog.WarnLevel)
	nodes, err := startLocal(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	client := newClient(c, nodes.fast.address)
	const openings = 300
	for i := range openings {
		_, err := client.Open(t.Context(), transport.Opening{Run: pipeline.Run{ID: fmt.Sprint(i), Strategy: "no such"}, From: "me", Address: "you"})
		if !errors.Is(err, pipeline.ErrInvalidRun) {
			t.Fatal(err)
		}
	}
	if err := nodes.stop(); err != nil { // who logs has ended
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "run refused"); n < 1 || n > openings/10 {
		t.Errorf("%d lines of %d openings", n, openings)
	}
}
