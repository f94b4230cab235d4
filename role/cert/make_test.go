package cert

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"

	"tandem/transport/auth"
)

// A CA that can't sign is said to be so, with its files, and nothing is made.
func TestAuthorityThatIsNone(t *testing.T) {
	for name, test := range map[string]struct {
		damage func(dir string) error
		says   []string
	}{
		"no key":         {func(dir string) error { return os.Remove(filepath.Join(dir, "ca-key.pem")) }, []string{"the CA is not complete", "ca-key.pem", "another --ca-dir"}},
		"no certificate": {func(dir string) error { return os.Remove(filepath.Join(dir, "ca.pem")) }, []string{"the CA is not complete", "ca.pem"}},
		"damaged": {func(dir string) error { return os.WriteFile(filepath.Join(dir, "ca.pem"), []byte("x"), 0o600) },
			[]string{"ca.pem and ", "make a new CA in another --ca-dir"}},
	} {
		dir := t.TempDir()
		if _, err := certify(t, dir, "end"); err != nil {
			t.Fatal(err)
		}
		if err := test.damage(dir); err != nil {
			t.Fatal(err)
		}
		_, err := certify(t, dir, "slow")
		for _, text := range test.says {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v does not say %q", name, err, text)
			}
		}
		if _, err := os.Stat(filepath.Join(dir, "slow.pem")); err == nil {
			t.Errorf("%s: a certificate was made", name)
		}
	}
	dir := t.TempDir()
	if _, err := certify(t, dir, "end"); err != nil {
		t.Fatal(err)
	}
	_, err := Options{Dir: dir, Stdout: io.Discard}.authority(time.Now().AddDate(50, 0, 0))
	if err == nil || !strings.Contains(err.Error(), "ca.pem has expired on ") || !strings.Contains(err.Error(), "new certificates for all devices") {
		t.Error(err)
	}
	file := filepath.Join(dir, "end.pem")
	if _, err := certify(t, filepath.Join(file, "below"), "end"); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a folder in a file: %v", err)
	}
}

// All names that are none are said at once, before anything is made.
func TestNamesOfDevices(t *testing.T) {
	dir := t.TempDir()
	_, err := certify(t, dir, "end", "slow,../x", ",fast", "a b", strings.Repeat("x", 254))
	for _, text := range []string{`"../x" is no name of a device`, `"" is no name`, `"a b" is no name`, "as in slow,slow.local,192.168.1.12"} {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v does not say %s", err, text)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("%v, %v", files, err)
	}
}

// The command makes a CA and the certificates that it is given names for.
func TestCommand(t *testing.T) {
	run := func(args ...string) (string, error) {
		var out bytes.Buffer
		app := &cli.App{Commands: []*cli.Command{Command(&out)}, ExitErrHandler: func(*cli.Context, error) {}}
		err := app.Run(append([]string{"tandem", "cert"}, args...))
		return out.String(), err
	}
	var exit cli.ExitCoder
	if _, err := run(); !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(err.Error(), "tandem cert end slow fast client") {
		t.Errorf("without a name: %v", err)
	}
	dir := t.TempDir()
	said, err := run("--ca-dir", dir, "end,192.168.1.7")
	if err != nil || !strings.Contains(said, "a new CA") || !strings.Contains(said, "for end, 192.168.1.7, until ") {
		t.Errorf("%q, %v", said, err)
	}
	for _, name := range []string{"ca.pem", "ca-key.pem", "end.pem", "end-key.pem"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

// lines gives each line of a log to whoever waits for it.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// On SIGHUP a process has new keys, or keeps those that it had where the files can't be read.
func TestHangupReadsAgain(t *testing.T) {
	if creds, stop, err := Watch(auth.Files{}, zerolog.Nop()); creds != nil || err != nil {
		t.Errorf("without files: %v, %v", creds, err)
	} else {
		stop()
	}
	key := filepath.Join(t.TempDir(), "key")
	if _, _, err := Watch(auth.Files{Secret: key}, zerolog.Nop()); err == nil || !strings.Contains(err.Error(), key) {
		t.Errorf("without the file: %v", err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(key, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a-secret-that-is-long-enough\n")
	log := make(lines, 8)
	creds, stop, err := Watch(auth.Files{Secret: key}, zerolog.New(log))
	if err != nil || creds == nil {
		t.Fatal(err)
	}
	defer stop()
	for _, step := range []struct{ text, says string }{
		{"another-secret-that-is-long-enough\n", "keys and certificates were read again"},
		{"", "were not read again: those of before stay in use"},
		{"a-third-secret-that-is-long-enough\n", "keys and certificates were read again"},
	} {
		write(step.text)
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if line := <-log; !strings.Contains(line, step.says) {
			t.Errorf("%q: %s", step.text, line)
		}
	}
}
