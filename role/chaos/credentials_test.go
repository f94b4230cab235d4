//go:build slow

package chaos

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Certificates made by the program itself carry a run over every hop; a client without one is told what to do.
func TestCertificates(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "ca")
	devices := []string{"node,127.0.0.1,127.0.0.2,127.0.0.3,127.0.0.4", "laptop"}
	code, out, stderr := tandem(t, slices.Concat([]string{"cert", "--ca-dir", folder}, devices)...)
	if code != 0 || strings.Count(out, "\n") != 3 || !strings.Contains(out, "a new CA") || !strings.Contains(out, "laptop-key.pem, for laptop, until ") {
		t.Fatalf("code %d, %q: %s", code, out, stderr)
	}
	for name, mode := range map[string]os.FileMode{"ca": 0o600, "node": 0o600, "laptop": 0o600} {
		if info, err := os.Stat(filepath.Join(folder, name+"-key.pem")); err != nil || info.Mode() != mode {
			t.Errorf("the key of %s: %v, %v", name, info.Mode(), err)
		}
	}
	with := func(name string) []string {
		path := filepath.Join(folder, name)
		return []string{"--tls-cert", path + ".pem", "--tls-key", path + "-key.pem", "--tls-ca", filepath.Join(folder, "ca.pem")}
	}
	s := fourProcesses(t, with("node"), light)
	s.run(t, slices.Concat(quickly, with("laptop"))...)

	outsider := s.client()
	outsider.exit(t, 1)
	fast := s.process("fast")
	if said := outsider.stderr.text(); !strings.Contains(said, "not admitted: it speaks no TLS, and this node nothing else: start it with --tls-cert") {
		t.Errorf("it says %q", said)
	}
	fast.line(t, &fast.stderr, `"reason":"no_tls"`, "peer refused")

	// Another certificate of the CA that is there, with the flag behind the name.
	if code, out, stderr := tandem(t, "cert", "laptop", "--ca-dir", folder); code != 0 || strings.Contains(out, "CA") {
		t.Errorf("code %d, %q: %s", code, out, stderr)
	}
	s.run(t, slices.Concat(quickly, with("laptop"))...)
}

// A key is changed without a pause: first all accept both, then all show the new one. Who shows neither is refused.
func TestKeyIsReadAgain(t *testing.T) {
	t.Parallel()
	const before, after = "the-secret-of-before", "the-secret-of-after"
	folder := t.TempDir()
	write := func(name string, keys ...string) []string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(strings.Join(keys, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{"--key", path}
	}
	s := fourProcesses(t, write("key", before), light)
	s.run(t, slices.Concat(quickly, write("client", before))...)
	for _, step := range []struct {
		nodes   []string
		client  string
		refused bool
	}{
		{[]string{before, after}, before, false},
		{[]string{after, before}, after, false},
		{[]string{after}, after, false},
		{[]string{after}, before, true},
		{[]string{"short"}, after, false}, // no key: what was read before stays
	} {
		write("key", step.nodes...)
		for _, node := range s.topology.nodes() {
			n := s.process(node)
			seen := strings.Count(n.stderr.text(), " read again")
			if err := n.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			for deadline := time.Now().Add(patience); strings.Count(n.stderr.text(), " read again") == seen; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) || n.exits(0) {
					t.Fatalf("the signal is not taken: %s", n.stderr.text())
				}
			}
		}
		flags := slices.Concat(quickly, write("client", step.client))
		if !step.refused {
			s.run(t, flags...)
			continue
		}
		client := s.client(flags...)
		client.exit(t, 1)
		if said := client.stderr.text(); !strings.Contains(said, "give every node the same --key") || !strings.Contains(said, s.address["fast"]) {
			t.Errorf("it says %q", said)
		}
	}
}
