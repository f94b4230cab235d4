package cert

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"tandem/transport/auth"
)

// Certificates are warned of before they are valid, and from a month before they expire.
func TestExpiryIsWarnedOf(t *testing.T) {
	folder := t.TempDir()
	if err := Make(Options{Dir: folder, Devices: []string{"localhost"}, Stdout: io.Discard}); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(folder, name) }
	creds, err := auth.Load(auth.Files{Cert: in("localhost.pem"), Key: in("localhost-key.pem"), CA: in("ca.pem")})
	if err != nil {
		t.Fatal(err)
	}
	expires, begins := creds.Expires(), creds.Begins()
	if left := time.Until(expires); left < 729*24*time.Hour || left > 732*24*time.Hour {
		t.Errorf("a new certificate expires in %v", left)
	}
	for _, test := range []struct {
		left time.Duration
		says []string // nil: nothing
	}{
		{expires.Sub(begins) + time.Hour, []string{`"level":"warn"`, "not valid yet", "set the clocks", begins.Format(time.DateOnly)}},
		{expires.Sub(begins), nil},
		{31 * 24 * time.Hour, nil},
		{29 * 24 * time.Hour, []string{`"level":"warn"`, `"days":29`, "expires soon", "tandem cert", "SIGHUP", expires.Format(time.DateOnly)}},
		{-time.Hour, []string{`"level":"error"`, "has expired"}},
	} {
		var log bytes.Buffer
		warnOfExpiry(zerolog.New(&log), creds, expires.Add(-test.left))
		if test.says == nil && log.Len() > 0 {
			t.Errorf("%v before: %s", test.left, log.String())
		}
		for _, want := range test.says {
			if !strings.Contains(log.String(), want) {
				t.Errorf("%v before it says %q: %q is missing", test.left, log.String(), want)
			}
		}
	}
	if err := os.WriteFile(in("key"), []byte("a-secret-that-is-long-enough\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := auth.Load(auth.Files{Secret: in("key")})
	if err != nil {
		t.Fatal(err)
	}
	warnOfExpiry(zerolog.Logger{}, key, time.Now()) // a key has no date; the log would panic
}
