package cert

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem/transport/auth"
)

// certify makes certificates and returns what is printed.
func certify(t *testing.T, dir string, devices ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := Make(Options{Dir: dir, Devices: devices, Stdout: &out})
	return out.String(), err
}

// No device's files are those of the CA, or of another device, on a disk that does not tell cases apart either.
func TestCertificateTakesNoOtherFile(t *testing.T) {
	for _, name := range []string{"ca", "CA", "Ca,end", "slow-key", "slow-KEY"} {
		dir := t.TempDir()
		if _, err := certify(t, dir, name); err == nil || !strings.Contains(err.Error(), "those of the CA") {
			t.Errorf("%s: %v", name, err)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
			t.Errorf("%s: %v, %v", name, files, err)
		}
	}
}

// A certificate that is renewed keeps its names and addresses.
func TestCertificateKeepsItsNames(t *testing.T) {
	dir := t.TempDir()
	for _, step := range []struct{ device, says string }{
		{"end,end.local,192.168.1.10,fd00::1", ", for end, end.local, 192.168.1.10, fd00::1, until "},
		{"end", ", for end, end.local, 192.168.1.10, fd00::1 as before, until "},
		{"end", ", for end, end.local, 192.168.1.10, fd00::1 as before, until "},
		{"end,10.0.0.1", ", for end, 10.0.0.1, until "},
		{"slow", ", for slow, until "},
		{"slow", ", for slow, until "},
		{"10.0.0.2", ", for 10.0.0.2, until "},
		{"10.0.0.2", ", for 10.0.0.2, until "},
	} {
		name, _, _ := strings.Cut(step.device, ",")
		said, err := certify(t, dir, step.device)
		if err != nil || !strings.Contains(said, step.says) {
			t.Errorf("%s: %q, %v", step.device, said, err)
		}
		text, err := os.ReadFile(filepath.Join(dir, name+".pem"))
		if err != nil {
			t.Fatal(err)
		}
		names, err := auth.NamesIn(text)
		want, _, _ := strings.Cut(strings.TrimPrefix(step.says, ", for "), ", until")
		if want = strings.TrimSuffix(want, " as before"); err != nil || strings.Join(names, ", ") != want {
			t.Errorf("%s: the certificate is for %v, %v", step.device, names, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "end.pem"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := certify(t, dir, "end"); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "end.pem")) {
		t.Errorf("over a file that is no certificate: %v", err)
	}
	if _, err := certify(t, dir, "end,end.local"); err != nil {
		t.Error(err)
	}
}

// Where the key can't be written, the certificate of before stays, which is for the key of before.
func TestCertificateStaysWithItsKey(t *testing.T) {
	dir := t.TempDir()
	o := Options{Dir: dir, Stdout: io.Discard}
	if err := o.write("end", []byte("certificate"), []byte("key")); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(dir, "end-key.pem")
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(key, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := o.write("end", []byte("another"), []byte("another")); err == nil {
		t.Error("the key was written over a folder")
	}
	if text, err := os.ReadFile(filepath.Join(dir, "end.pem")); err != nil || string(text) != "certificate" {
		t.Errorf("%q, %v", text, err)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || !slices.Equal(files, []string{key, filepath.Join(dir, "end.pem")}) {
		t.Errorf("%v, %v", files, err)
	}
}
