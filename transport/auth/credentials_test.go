package auth_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/transport/auth"
)

const (
	secret = "a-secret-of-this-site"
	other  = "another-secret-of-old"
)

// site makes the files of credentials for tests.
type site struct {
	t         testing.TB
	dir       string
	authority *auth.Authority
}

func newSite(t testing.TB, now time.Time) *site {
	t.Helper()
	return (&site{t: t, dir: t.TempDir()}).withNewAuthority(now)
}

// withNewAuthority writes another CA into the same files.
func (s *site) withNewAuthority(now time.Time) *site {
	s.t.Helper()
	authority, certificate, _, err := auth.NewAuthority(now)
	if err != nil {
		s.t.Fatal(err)
	}
	s = &site{s.t, s.dir, authority}
	s.write("ca.pem", certificate)
	return s
}

func (s *site) write(name string, text []byte) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// issue makes a certificate as of some moment, for devices at these names.
func (s *site) issue(name string, now time.Time, names ...string) auth.Files {
	s.t.Helper()
	certificate, key, _, err := s.authority.Issue(append(names, name), now)
	if err != nil {
		s.t.Fatal(err)
	}
	return auth.Files{
		Cert: s.write(name+".pem", certificate), Key: s.write(name+"-key.pem", key), CA: filepath.Join(s.dir, "ca.pem"),
	}
}

func (s *site) key(name, text string) auth.Files {
	return auth.Files{Secret: s.write(name, []byte(text))}
}

func load(t testing.TB, f auth.Files) *auth.Credentials {
	t.Helper()
	c, err := auth.Load(f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWrongFiles(t *testing.T) {
	now := time.Now()
	s, foreign := newSite(t, now), newSite(t, now)
	good := s.issue("node", now)
	with := func(change func(*auth.Files)) auth.Files {
		f := good
		change(&f)
		return f
	}
	absent := filepath.Join(s.dir, "absent")
	for _, test := range []struct {
		files auth.Files
		says  []string
	}{
		{with(func(f *auth.Files) { f.Cert = absent }), []string{"--tls-cert", absent}},
		{with(func(f *auth.Files) { f.Key = absent }), []string{"--tls-key", absent}},
		{with(func(f *auth.Files) { f.CA = absent }), []string{"--tls-ca", absent}},
		{with(func(f *auth.Files) { f.CA = f.Key }), []string{"--tls-ca " + good.Key, "holds no certificate"}},
		{with(func(f *auth.Files) { f.Key = s.issue("node2", now).Key }), []string{"--tls-key", "node2"}},
		{with(func(f *auth.Files) { f.CA = foreign.issue("x", now).CA }), []string{"--tls-cert " + good.Cert, "has not signed it"}},
		{auth.Files{Secret: absent}, []string{"--key", absent}},
		{s.key("empty", "\n \n"), []string{"--key", "it is empty"}},
		{s.key("short", "0123456789"), []string{"--key", "line 1", "16 to 256"}},
		{s.key("odd", secret+"\nwith a space in it\n"), []string{"--key", "line 2", "16 to 256"}},
		{s.key("binary", "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0b\x0c\x0d\x0e\x0f\xff\xff"), []string{"--key", "base64"}},
		{s.key("long", strings.Repeat("x", 100_000)), []string{"--key"}},
	} {
		_, err := auth.Load(test.files)
		for _, want := range test.says {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: error %v, want one that says %q", test.files, err, want)
			}
		}
	}
}

// The certificate is said to expire when it or its CA does.
func TestExpires(t *testing.T) {
	now := time.Now()
	s := newSite(t, now.AddDate(-9, 0, 0)) // a year is left
	got := load(t, s.issue("node", now)).Expires()
	if left := got.Sub(now); left < 360*24*time.Hour || left > 370*24*time.Hour {
		t.Errorf("it expires in %v", left)
	}
	if got := load(t, s.key("key", secret)).Expires(); !got.IsZero() {
		t.Errorf("a key expires at %v", got)
	}
}

// shorten makes a CA anew, with the same key, that expires after so many days. What it has signed stays so, and has been
// made with longer validity than its own, as other programs do.
func (s *site) shorten(now time.Time, days int) {
	s.t.Helper()
	certificate, key := s.authority.Parts()
	template := *certificate
	template.NotAfter = now.AddDate(0, 0, days)
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.(*ecdsa.PrivateKey).Public(), key)
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// A CA that expires before what it has signed is the CA nevertheless, until then.
func TestCAExpiresFirst(t *testing.T) {
	now := time.Now()
	s := newSite(t, now)
	files := s.issue("node", now, "127.0.0.1")
	s.shorten(now, 365)
	creds := load(t, files)
	if left := creds.Expires().Sub(now); left < 360*24*time.Hour || left > 370*24*time.Hour {
		t.Errorf("it expires in %v", left)
	}
	if err := push(t.Context(), serveGated(t, creds).client(creds), 1); err != nil {
		t.Error(err)
	}
	s.shorten(now, -1)
	if _, err := auth.Load(files); err == nil || !strings.Contains(err.Error(), "the CA of "+files.Cert+" was valid until "+now.AddDate(0, 0, -1).UTC().Format(time.DateOnly)) {
		t.Errorf("a CA that has expired: %v", err)
	}
}

// A certificate of a year from now, where the clock is wrong, can be loaded, and says when it begins.
func TestBegins(t *testing.T) {
	later := time.Now().AddDate(1, 0, 0)
	s := newSite(t, later)
	got := load(t, s.issue("node", later)).Begins()
	if ahead := later.Sub(got) - auth.BegunAgo; ahead.Abs() > time.Minute {
		t.Errorf("it begins at %v", got)
	}
	if got := load(t, s.key("key", secret)).Begins(); !got.IsZero() {
		t.Errorf("a key begins at %v", got)
	}
}
