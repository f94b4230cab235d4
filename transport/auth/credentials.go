package auth

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Files are the paths of what a node shows to its neighbours and asks of them: a certificate with its key and the
// authority whose certificates it accepts (all three or none), a shared secret, or both.
type Files struct {
	Cert, Key, CA string // PEM
	Secret        string // one key on each line; the first is shown, all are accepted
}

// Credentials are what lies in the files. A nil *Credentials is none: plain HTTP, and everybody is let in.
type Credentials struct {
	files   Files
	current atomic.Pointer[loaded]
}

// loaded is one reading of the files. It never changes.
type loaded struct {
	client, server *tls.Config // nil: no TLS
	begins         time.Time   // of the certificate or its authority, whichever is last
	expires        time.Time   // of the certificate or its authority, whichever is first
	bearer         string      // what a client sends; empty: nothing
	secrets        [][sha256.Size]byte
}

// Load reads the files. Without any it returns nil.
func Load(f Files) (*Credentials, error) {
	if f == (Files{}) {
		return nil, nil
	}
	c := &Credentials{files: f}
	return c, c.Reload()
}

// Reload reads the files again. New connections use what is there now, and those of before are closed after their next
// request. Where there is an error, everything stays as it was.
func (c *Credentials) Reload() error {
	l := new(loaded)
	if err := errors.Join(l.readCertificate(c.files), l.readSecrets(c.files.Secret)); err != nil {
		return err
	}
	c.current.Store(l)
	return nil
}

// Expires is when the certificate or its authority does, whichever is first; zero: there is none.
func (c *Credentials) Expires() time.Time { return c.now().expires }

// Begins is when the certificate and its authority do, whichever is last; zero: there is none.
func (c *Credentials) Begins() time.Time { return c.now().begins }

// none stands for no credentials.
var none = new(loaded)

func (c *Credentials) now() *loaded {
	if c == nil {
		return none
	}
	return c.current.Load()
}

// Secured reports whether the node speaks TLS, and nothing else.
func (c *Credentials) Secured() bool { return c.now().server != nil }

func (l *loaded) readCertificate(f Files) error {
	if f.Cert == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return fmt.Errorf("--tls-cert %s and --tls-key %s: %w", f.Cert, f.Key, err)
	}
	text, err := os.ReadFile(f.CA)
	if err != nil {
		return fmt.Errorf("--tls-ca: %w", err)
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(text) {
		return fmt.Errorf("--tls-ca %s: it holds no certificate: give the ca.pem that tandem cert has made", f.CA)
	}
	chains, err := chainsOf(pair, authorities)
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		return fmt.Errorf("--tls-ca %s: %s", f.CA, validity("the CA of "+f.Cert, invalid.Cert))
	}
	if err != nil {
		return fmt.Errorf("--tls-cert %s: --tls-ca %s has not signed it (%w): give the ca.pem that it was made with", f.Cert, f.CA, err)
	}
	l.begins, l.expires = pair.Leaf.NotBefore, pair.Leaf.NotAfter
	for _, c := range chains[0][1:] {
		l.begins, l.expires = later(l.begins, c.NotBefore), earlier(l.expires, c.NotAfter)
	}
	// A Pi has no clock that runs while it is off. It is not earlier than its own certificate.
	clock := func() time.Time { return later(time.Now(), l.begins) }
	common := tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair}, Time: clock}
	l.client = common.Clone()
	l.client.RootCAs = authorities
	l.server = common.Clone()
	l.server.ClientAuth, l.server.ClientCAs = tls.RequireAndVerifyClientCert, authorities
	l.server.NextProtos = []string{"h2", "http/1.1"} // gRPC clients ask for h2
	l.server.SessionTicketsDisabled = true           // every connection is verified anew
	return nil
}

// chainsOf finds the way from a certificate to an authority. The time is one at which the certificate is valid: who has
// expired learns that from a warning, and a clock may be wrong.
func chainsOf(pair tls.Certificate, authorities *x509.CertPool) ([][]*x509.Certificate, error) {
	between := x509.NewCertPool()
	for _, der := range pair.Certificate[1:] {
		if c, err := x509.ParseCertificate(der); err == nil {
			between.AddCert(c)
		}
	}
	now := earlier(later(time.Now(), pair.Leaf.NotBefore), pair.Leaf.NotAfter)
	return pair.Leaf.Verify(x509.VerifyOptions{
		Roots: authorities, Intermediates: between, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
}

func earlier(a, b time.Time) time.Time { return slices.MinFunc([]time.Time{a, b}, time.Time.Compare) }
func later(a, b time.Time) time.Time   { return slices.MaxFunc([]time.Time{a, b}, time.Time.Compare) }

// What a key may look like.
const (
	minSecret = 16
	maxSecret = 256
)

func (l *loaded) readSecrets(path string) error {
	if path == "" {
		return nil
	}
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("--key: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		s := strings.TrimSpace(lines.Text())
		if s == "" {
			continue
		}
		visible := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
		if len(s) < minSecret || len(s) > maxSecret || !visible {
			return fmt.Errorf("--key %s: line %d is no key: %d to %d letters, digits and signs of ASCII are allowed, as from: head -c 24 /dev/urandom | base64",
				path, len(l.secrets)+1, minSecret, maxSecret)
		}
		l.bearer = cmp.Or(l.bearer, s)
		l.secrets = append(l.secrets, sha256.Sum256([]byte(s)))
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("--key %s: it is no file of keys, one on each line: make one by head -c 24 /dev/urandom | base64", path)
	}
	switch err := lines.Err(); {
	case err != nil:
		return fmt.Errorf("--key %s: %w", path, err)
	case l.bearer == "":
		return fmt.Errorf("--key %s: it is empty: make one with: head -c 24 /dev/urandom | base64 > %s", path, path)
	}
	return nil
}

// accepts reports whether a secret is one of those in the file. How long that takes says nothing about them.
func (l *loaded) accepts(secret string) bool {
	digest := sha256.Sum256([]byte(secret))
	found := 0
	for i := range l.secrets {
		found |= subtle.ConstantTimeCompare(digest[:], l.secrets[i][:])
	}
	return found == 1
}
