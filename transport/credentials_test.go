package transport

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/pipeline"
)

const (
	secret = "a-secret-of-this-site"
	other  = "another-secret-of-old"
)

// site makes the files of credentials for tests.
type site struct {
	t         testing.TB
	dir       string
	authority *Authority
}

func newSite(t testing.TB, now time.Time) *site {
	t.Helper()
	return (&site{t: t, dir: t.TempDir()}).withNewAuthority(now)
}

// withNewAuthority writes another CA into the same files.
func (s *site) withNewAuthority(now time.Time) *site {
	s.t.Helper()
	authority, certificate, _, err := NewAuthority(now)
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
func (s *site) issue(name string, now time.Time, names ...string) Files {
	s.t.Helper()
	certificate, key, _, err := s.authority.Issue(append(names, name), now)
	if err != nil {
		s.t.Fatal(err)
	}
	return Files{
		Cert: s.write(name+".pem", certificate), Key: s.write(name+"-key.pem", key), CA: filepath.Join(s.dir, "ca.pem"),
	}
}

func (s *site) key(name, text string) Files { return Files{Secret: s.write(name, []byte(text))} }

func load(t testing.TB, f Files) *Credentials {
	t.Helper()
	c, err := LoadCredentials(f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// gated is a real server behind a gate.
type gated struct {
	*Gate
	node    *fakeNode
	address string
	mu      sync.Mutex
	refused []Refusal
}

func serveGated(t *testing.T, creds *Credentials) *gated {
	t.Helper()
	return servePatiently(t, creds, 0)
}

// servePatiently waits so long for a handshake and headers; 0: as a node does.
func servePatiently(t *testing.T, creds *Credentials, patience time.Duration) *gated {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gated{node: &fakeNode{}, address: l.Addr().String()}
	g.Gate = NewGate(creds, func(r Refusal) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.refused = append(g.refused, r)
	})
	s := NewServer(g.node, nil, 1<<20, g.Gate, log.New(io.Discard, "", 0))
	s.ReadHeaderTimeout = cmp.Or(patience, s.ReadHeaderTimeout)
	done := make(chan error, 1)
	go func() { done <- s.Serve(g.Listen(l)) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return g
}

func (g *gated) client(creds *Credentials) *Client {
	return NewClient(g.address, Limits{Dial: 20 * time.Second, Call: 20 * time.Second, Window: 2, MaxBody: 1 << 20}, creds)
}

// told is the last refusal.
func (g *gated) told() Refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.refused) == 0 {
		return Refusal{}
	}
	return g.refused[len(g.refused)-1]
}

func push(ctx context.Context, c *Client, id uint64) error {
	_, err := c.Push(ctx, Pushing{Run: "run", From: "me", Frames: []pipeline.Frame{frame(id)}})
	return err
}

// Whoever has what the node asks for gets in, over one connection for many calls.
func TestAdmitted(t *testing.T) {
	s := newSite(t, time.Now())
	node := s.issue("node", time.Now(), "127.0.0.1")
	behind := s.issue("behind", time.Now().Add(20*24*time.Hour), "127.0.0.1") // this clock is behind the CA's by weeks
	key := s.key("key", secret+"\n")
	both := node
	both.Secret = key.Secret
	for name, files := range map[string][2]Files{
		"nothing":              {{}, {}},
		"certificates":         {node, s.issue("client", time.Now())},
		"clocks apart":         {behind, node},
		"key":                  {key, key},
		"key of before":        {s.key("new", other+"\n"+secret+"\n"), key},
		"key and certificates": {both, both},
	} {
		t.Run(name, func(t *testing.T) {
			g := serveGated(t, load(t, files[0]))
			c := g.client(load(t, files[1]))
			if err := c.Reach(t.Context()); err != nil {
				t.Error(err)
			}
			for id := range uint64(5) {
				if err := push(t.Context(), c, id); err != nil {
					t.Fatal(err)
				}
			}
			if len(g.node.frames) != 5 || len(g.Refused()) > 0 {
				t.Errorf("%d frames have come, refused: %v", len(g.node.frames), g.Refused())
			}
		})
	}
}

// Who has not is refused, before anything of the request is looked at; both sides are told why, and it is counted.
func TestRefused(t *testing.T) {
	now := time.Now()
	s, foreign := newSite(t, now.AddDate(-4, 0, 0)), newSite(t, now)
	node, key := s.issue("node", now, "127.0.0.1"), s.key("key", secret)
	expired, foreigner := s.issue("expired", now.AddDate(-3, 0, 0), "127.0.0.1"), foreign.issue("foreigner", now, "127.0.0.1")
	stranger := foreigner // knows the node's CA, which does not know it
	stranger.CA = node.CA

	for name, test := range map[string]struct {
		node, client Files
		reason       Reason // empty: it is the client that refuses
		here, there  string // what the client's error and the node's log say
	}{
		"no key":               {key, Files{}, NoKey, "start its neighbour with --key", "start its neighbour with --key"},
		"a wrong key":          {key, s.key("wrong", other), WrongKey, "give every node the same --key", "give every node the same --key"},
		"no TLS":               {node, Files{}, NoTLS, "it speaks no TLS, and this node nothing else", "start it with --tls-cert"},
		"no TLS but a key":     {node, key, NoTLS, "it speaks no TLS", "it speaks no TLS"},
		"TLS and a node plain": {Files{}, node, "", "it speaks no TLS: start it with --tls-cert", ""},
		"an expired client":    {node, expired, Expired, "expired certificate", "its certificate was valid until " + now.AddDate(-1, 0, 0).UTC().Format(time.DateOnly)},
		"an expired node":      {expired, node, BadHandshake, "its certificate was valid until", "does not accept this node"},
		"a CA that is unknown": {node, stranger, OtherAuthority, "unknown certificate authority", "not from this node's CA"},
		"a node of another CA": {foreigner, node, BadHandshake, "not from the CA of --tls-ca", "does not accept this node"},
		"another name":         {s.issue("elsewhere", now), node, BadHandshake, "tandem cert 127.0.0.1", "does not accept this node"},
	} {
		t.Run(name, func(t *testing.T) {
			g := serveGated(t, load(t, test.node))
			c := g.client(loadUnchecked(t, test.client))
			for what, err := range map[string]error{"Push": push(t.Context(), c, 1), "Reach": c.Reach(t.Context())} {
				if !errors.Is(err, pipeline.ErrNotAdmitted) || !strings.Contains(err.Error(), test.here) || !strings.Contains(err.Error(), g.address) {
					t.Errorf("%s: error %v, want one that says %q", what, err, test.here)
				}
			}
			if len(g.node.frames) > 0 {
				t.Error("its frame was taken")
			}
			eventually(t, func() bool { return test.reason == "" || g.Refused()[test.reason] >= 2 }) // the node may learn of it later
			if told := g.told(); told.Reason != test.reason || !strings.Contains(told.Text, test.there) || test.reason != "" && told.Peer == "" {
				t.Errorf("the node is told %+v, want %q", told, test.there)
			}
		})
	}
}

func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<16)
			t.Fatalf("it does not happen:\n%s", stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// loadUnchecked loads also a certificate that is not of the CA beside it, as a hostile client might.
func loadUnchecked(t *testing.T, f Files) *Credentials {
	t.Helper()
	c, err := LoadCredentials(f)
	if err == nil {
		return c
	}
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		t.Fatal(err)
	}
	c = &Credentials{files: f}
	c.current.Store(&loaded{
		client: &tls.Config{GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }, InsecureSkipVerify: true},
		server: &tls.Config{},
	})
	return c
}

// A client without a certificate is no client of ours, but it may come.
func TestNoCertificateIsRefused(t *testing.T) {
	s := newSite(t, time.Now())
	g := serveGated(t, load(t, s.issue("node", time.Now(), "127.0.0.1")))
	for _, config := range []*tls.Config{
		{InsecureSkipVerify: true},
		{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12},
	} {
		h := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
		_, err := h.Get("https://" + g.address + "/healthz") // with certificates, nothing is open to all
		if err == nil || !strings.Contains(err.Error(), "remote error: tls") {
			t.Errorf("error %v", err)
		}
	}
	eventually(t, func() bool { r := g.Refused(); return r[NoCertificate] == 1 && r[BadHandshake] == 1 })
}

// People and probes have no bearer token.
func TestBrowsersAndProbes(t *testing.T) {
	g := serveGated(t, load(t, newSite(t, time.Now()).key("key", secret)))
	get := func(path, user, password string) *http.Response {
		r, err := http.NewRequest(http.MethodGet, "http://"+g.address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if user != "" {
			r.SetBasicAuth(user, password)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer
	}
	if a := get("/", "", ""); a.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("without a key: %s %v", a.Status, a.Header)
	}
	if a := get("/", "me", other); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("with another password: %s", a.Status)
	}
	if a := get("/", "whoever", secret); a.StatusCode != http.StatusNotFound { // there is no page yet
		t.Errorf("with the key as password: %s", a.Status)
	}
	for _, probe := range []string{"/healthz", "/readyz"} {
		if a := get(probe, "", ""); a.StatusCode == http.StatusUnauthorized {
			t.Errorf("%s: %s", probe, a.Status)
		}
	}
	if r := g.Refused(); r[NoKey] != 1 || r[WrongKey] != 1 {
		t.Errorf("refused: %v", r)
	}
}

// The body of a request that is refused is not waited for.
func TestRefusedBeforeTheBody(t *testing.T) {
	g := serveGated(t, load(t, newSite(t, time.Now()).key("key", secret)))
	conn, err := net.Dial("tcp", g.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = io.WriteString(conn, "POST /tandem.v1.Node/Push HTTP/1.1\r\nHost: x\r\nContent-Type: application/proto\r\nContent-Length: 1000000\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn) // the server closes
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 401 ") || !strings.Contains(string(answer), "not admitted") {
		t.Errorf("%q, %v", answer, err)
	}
}

// gRPC clients speak HTTP/2, over TLS too.
func TestHTTP2OverTLS(t *testing.T) {
	s := newSite(t, time.Now())
	creds := load(t, s.issue("node", time.Now(), "127.0.0.1"))
	g := serveGated(t, creds)
	h := &http.Client{Transport: &http.Transport{TLSClientConfig: creds.now().client.Clone(), ForceAttemptHTTP2: true}}
	defer h.CloseIdleConnections()
	answer, err := h.Post("https://"+g.address+"/tandem.v1.Node/Push", "application/json", strings.NewReader(`{"run":"r","frames":[{"id":4,"shape":[1],"data":"AACAPw=="}]}`))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.ProtoMajor != 2 || answer.StatusCode != http.StatusOK || len(g.node.frames) != 1 {
		t.Errorf("%s %s, %d frames", answer.Proto, answer.Status, len(g.node.frames))
	}
}

// What is read again holds for new connections at once, and for those of before after their next request.
func TestReload(t *testing.T) {
	s := newSite(t, time.Now())
	files := s.issue("node", time.Now(), "127.0.0.1")
	files.Secret = s.key("key", secret).Secret
	creds := load(t, files)
	g := serveGated(t, creds)
	mine := load(t, files)
	c := g.client(mine)
	if err := push(t.Context(), c, 0); err != nil {
		t.Fatal(err)
	}

	s.write("key", []byte(other))
	if err := creds.Reload(); err != nil {
		t.Fatal(err)
	}
	if err := push(t.Context(), c, 1); !errors.Is(err, pipeline.ErrNotAdmitted) {
		t.Errorf("with the key of before: %v", err)
	}
	if err := mine.Reload(); err != nil {
		t.Fatal(err)
	}
	if err := push(t.Context(), c, 2); err != nil {
		t.Errorf("with the new key: %v", err)
	}

	again := s.withNewAuthority(time.Now())
	if err := creds.Reload(); err == nil || !strings.Contains(err.Error(), "has not signed it") {
		t.Errorf("a CA without its certificate: %v", err)
	}
	if err := push(t.Context(), c, 3); err != nil {
		t.Errorf("what could not be read has changed something: %v", err)
	}
	again.issue("node", time.Now(), "127.0.0.1")
	if err := creds.Reload(); err != nil {
		t.Fatal(err)
	}
	_ = push(t.Context(), c, 4) // the last one over the connection of before, if it is still there
	if err := push(t.Context(), c, 5); !errors.Is(err, pipeline.ErrNotAdmitted) {
		t.Errorf("with the certificate of before: %v", err)
	}
	if err := mine.Reload(); err != nil {
		t.Fatal(err)
	}
	if err := push(t.Context(), c, 6); err != nil {
		t.Errorf("with the new certificate: %v", err)
	}
}

func TestWrongFiles(t *testing.T) {
	now := time.Now()
	s, foreign := newSite(t, now), newSite(t, now)
	good := s.issue("node", now)
	with := func(change func(*Files)) Files {
		f := good
		change(&f)
		return f
	}
	absent := filepath.Join(s.dir, "absent")
	for _, test := range []struct {
		files Files
		says  []string
	}{
		{with(func(f *Files) { f.Cert = absent }), []string{"--tls-cert", absent}},
		{with(func(f *Files) { f.Key = absent }), []string{"--tls-key", absent}},
		{with(func(f *Files) { f.CA = absent }), []string{"--tls-ca", absent}},
		{with(func(f *Files) { f.CA = f.Key }), []string{"--tls-ca " + good.Key, "holds no certificate"}},
		{with(func(f *Files) { f.Key = s.issue("node2", now).Key }), []string{"--tls-key", "node2"}},
		{with(func(f *Files) { f.CA = foreign.issue("x", now).CA }), []string{"--tls-cert " + good.Cert, "has not signed it"}},
		{Files{Secret: absent}, []string{"--key", absent}},
		{s.key("empty", "\n \n"), []string{"--key", "it is empty"}},
		{s.key("short", "0123456789"), []string{"--key", "line 1", "16 to 256"}},
		{s.key("odd", secret+"\nwith a space in it\n"), []string{"--key", "line 2", "16 to 256"}},
		{s.key("binary", "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0b\x0c\x0d\x0e\x0f\xff\xff"), []string{"--key", "base64"}},
		{s.key("long", strings.Repeat("x", 100_000)), []string{"--key"}},
	} {
		_, err := LoadCredentials(test.files)
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
	template := *s.authority.certificate
	template.NotAfter = now.AddDate(0, 0, days)
	key := s.authority.key.(*ecdsa.PrivateKey)
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
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
	if _, err := LoadCredentials(files); err == nil || !strings.Contains(err.Error(), "the CA of "+files.Cert+" was valid until "+now.AddDate(0, 0, -1).UTC().Format(time.DateOnly)) {
		t.Errorf("a CA that has expired: %v", err)
	}
}

// A certificate of a year from now, where the clock is wrong, can be loaded, and says when it begins.
func TestBegins(t *testing.T) {
	later := time.Now().AddDate(1, 0, 0)
	s := newSite(t, later)
	got := load(t, s.issue("node", later)).Begins()
	if ahead := later.Sub(got) - begunAgo; ahead.Abs() > time.Minute {
		t.Errorf("it begins at %v", got)
	}
	if got := load(t, s.key("key", secret)).Begins(); !got.IsZero() {
		t.Errorf("a key begins at %v", got)
	}
}
