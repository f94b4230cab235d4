package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Listen makes a listener's connections pass the gate.
func (g *Gate) Listen(l net.Listener) net.Listener { return &gatedListener{l, g} }

type gatedListener struct {
	net.Listener
	gate *Gate
}

func (l *gatedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := addrOf(c.RemoteAddr())
		if p := l.gate.enter(from); p != nil {
			return l.gate.guard(c, from, p), nil
		}
		_ = c.Close() // it was not begun
		l.gate.refuse(c.RemoteAddr().String(), TooManyConnections,
			fmt.Sprintf("it has %d connections, or all peers together %d: close some", share(maxConns), maxConns))
	}
}

// gatedConn is a connection that a peer has to this node. Its first read shakes hands, so the time for that is the
// server's time for headers, and no goroutine waits for it but the one that serves the connection.
type gatedConn struct {
	net.Conn // TLS, where the node speaks it
	gate     *Gate
	raw      *timedConn
	from     netip.Addr
	peer     *peer
	with     *loaded // the credentials when it came
	shake    func() error
	left     sync.Once
}

func (g *Gate) guard(c net.Conn, from netip.Addr, p *peer) *gatedConn {
	raw := &timedConn{Conn: c}
	conn := &gatedConn{Conn: raw, gate: g, raw: raw, from: from, peer: p, with: g.creds.now()}
	conn.shake = func() error { return nil }
	if config := conn.with.server; config != nil {
		secured := tls.Server(raw, config)
		conn.Conn = secured
		conn.shake = sync.OnceValue(func() error { return conn.shakeHands(secured) })
	}
	return conn
}

func (c *gatedConn) Read(b []byte) (int, error) {
	if err := c.shake(); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// CloseWrite lets the server end its side first, so that the peer can still read the last answer.
func (c *gatedConn) CloseWrite() error { return c.raw.CloseWrite() }

func (c *gatedConn) Close() error {
	c.left.Do(func() { c.gate.leave(c.from, c.peer) })
	c.raw.closing.Store(true)
	return c.Conn.Close()
}

// shakeHands returns io.EOF where the peer is refused: it has been told already, and the server need not answer.
func (c *gatedConn) shakeHands(secured *tls.Conn) error {
	err := secured.Handshake()
	if err == nil {
		return nil
	}
	if why, text := faultOf(err); why != "" {
		c.gate.refuse(c.RemoteAddr().String(), why, text)
		if why == NoTLS {
			writeRefusal(c.raw, text)
		}
		c.linger()
	}
	return io.EOF
}

// linger lets the peer read why it was refused: if the connection were closed while something of the peer's is unread,
// the system would tell it of nothing but a reset.
func (c *gatedConn) linger() {
	const enough = time.Second
	_ = c.raw.CloseWrite() // the peer may be gone
	if c.raw.SetReadDeadline(time.Now().Add(enough)) == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(c.raw, 64<<10))
	}
}

// faultOf says why a handshake has failed. Who has only looked whether somebody listens is not refused.
func faultOf(err error) (Reason, string) {
	var plaintext tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var remote *net.OpError
	switch {
	case err == io.EOF:
		return "", ""
	case errors.As(err, &plaintext):
		return NoTLS, "it speaks no TLS, and this node nothing else: start it with --tls-cert, --tls-key and --tls-ca, or say https://"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return BadHandshake, "it did not finish the handshake in time"
	case errors.As(err, &unknown):
		return OtherAuthority, "its certificate is not from this node's CA: make it one with tandem cert, where this node's was made"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return Expired, validity("its certificate", invalid.Cert)
	case err.Error() == "tls: client didn't provide a certificate": // crypto/tls has no other name for it
		return NoCertificate, "it has no certificate: make it one with tandem cert, and start it with --tls-cert, --tls-key and --tls-ca"
	case errors.As(err, &remote) && remote.Op == "remote error":
		return BadHandshake, fmt.Sprintf("it does not accept this node (%v): its log, or its user, knows why", remote.Err)
	default:
		return BadHandshake, err.Error()
	}
}

func validity(what string, c *x509.Certificate) string {
	now := time.Now()
	if now.Before(c.NotBefore) {
		return fmt.Sprintf("%s is valid from %s on, and here it is %s: set the clock", what, c.NotBefore.Format(time.DateOnly), now.Format(time.DateTime))
	}
	return fmt.Sprintf("%s was valid until %s, and here it is %s: make a new one with tandem cert, or set the clock",
		what, c.NotAfter.Format(time.DateOnly), now.Format(time.DateTime))
}

// timedConn gives each write a time. A deadline for whole answers, as http.Server has one, would cut off a Close that
// waits for the pipeline to drain.
type timedConn struct {
	net.Conn
	closing  atomic.Bool  // all that is still written is TLS's goodbye
	deadline atomic.Int64 // that the handler has set, which holds too; in Unix nanoseconds, 0: none
}

// How long a peer may read nothing of what is written to it.
const (
	writeTime   = 10 * time.Second
	goodbyeTime = 50 * time.Millisecond
)

func (c *timedConn) Write(b []byte) (int, error) {
	patience := writeTime
	if c.closing.Load() {
		patience = goodbyeTime
	}
	until := time.Now().Add(patience)
	if d := c.deadline.Load(); d != 0 && d < until.UnixNano() {
		until = time.Unix(0, d)
	}
	if err := c.Conn.SetWriteDeadline(until); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

func (c *timedConn) SetWriteDeadline(t time.Time) error {
	c.remember(t)
	return c.Conn.SetWriteDeadline(t)
}

func (c *timedConn) SetDeadline(t time.Time) error {
	c.remember(t)
	return c.Conn.SetDeadline(t)
}

func (c *timedConn) remember(t time.Time) {
	d := t.UnixNano()
	if t.IsZero() {
		d = 0
	}
	c.deadline.Store(d)
}

func (c *timedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// keepConn is for http.Server.ConnContext: a request knows the connection that it came by.
func keepConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

type connKey struct{}

// connOf returns the connection of a request; nil where it did not come through a gate.
func connOf(ctx context.Context) *gatedConn {
	c, _ := ctx.Value(connKey{}).(*gatedConn)
	return c
}
