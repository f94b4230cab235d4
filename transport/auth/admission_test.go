package auth_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"tandem/pipeline"
	"tandem/transport/auth"
)

// Whoever has what the node asks for gets in, over one connection for many calls.
func TestAdmitted(t *testing.T) {
	s := newSite(t, time.Now())
	node := s.issue("node", time.Now(), "127.0.0.1")
	behind := s.issue("behind", time.Now().Add(20*24*time.Hour), "127.0.0.1") // this clock is behind the CA's by weeks
	key := s.key("key", secret+"\n")
	both := node
	both.Secret = key.Secret
	for name, files := range map[string][2]auth.Files{
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
			if _, err := c.Reach(t.Context()); err != nil {
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
	unknown := foreigner // knows the node's CA, which does not know it
	unknown.CA = node.CA

	for name, test := range map[string]struct {
		node, client auth.Files
		reason       auth.Reason // empty: it is the client that refuses
		here, there  string      // what the client's error and the node's log say
	}{
		"no key":               {key, auth.Files{}, auth.NoKey, "start its neighbour with --key", "start its neighbour with --key"},
		"a wrong key":          {key, s.key("wrong", other), auth.WrongKey, "give every node the same --key", "give every node the same --key"},
		"no TLS":               {node, auth.Files{}, auth.NoTLS, "it speaks no TLS, and this node nothing else", "start it with --tls-cert"},
		"no TLS but a key":     {node, key, auth.NoTLS, "it speaks no TLS", "it speaks no TLS"},
		"TLS and a node plain": {auth.Files{}, node, "", "it speaks no TLS: start it with --tls-cert", ""},
		"an expired client":    {node, expired, auth.Expired, "expired certificate", "its certificate was valid until " + now.AddDate(-1, 0, 0).UTC().Format(time.DateOnly)},
		"an expired node":      {expired, node, auth.BadHandshake, "its certificate was valid until", "does not accept this node"},
		"a CA that is unknown": {node, unknown, auth.OtherAuthority, "unknown certificate authority", "not from this node's CA"},
		"a node of another CA": {foreigner, node, auth.BadHandshake, "not from the CA of --tls-ca", "does not accept this node"},
		"another name":         {s.issue("elsewhere", now), node, auth.BadHandshake, "tandem cert 127.0.0.1", "does not accept this node"},
	} {
		t.Run(name, func(t *testing.T) {
			g := serveGated(t, load(t, test.node))
			c := g.client(loadUnchecked(t, test.client))
			_, reached := c.Reach(t.Context())
			for what, err := range map[string]error{"Push": push(t.Context(), c, 1), "Reach": reached} {
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
	eventually(t, func() bool { r := g.Refused(); return r[auth.NoCertificate] == 1 && r[auth.BadHandshake] == 1 })
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
	if r := g.Refused(); r[auth.NoKey] != 1 || r[auth.WrongKey] != 1 {
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
	h := &http.Client{Transport: &http.Transport{TLSClientConfig: creds.ClientConfig(), ForceAttemptHTTP2: true}}
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

// loadUnchecked loads also a certificate that is not of the CA beside it, as a hostile client might.
func loadUnchecked(t *testing.T, f auth.Files) *auth.Credentials {
	t.Helper()
	c, err := auth.Load(f)
	if err == nil {
		return c
	}
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		t.Fatal(err)
	}
	return auth.Unchecked(&tls.Config{GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }, InsecureSkipVerify: true})
}
