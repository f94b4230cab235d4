package auth

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"connectrpc.com/connect"
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
		p := l.gate.connect(from)
		if p == nil && l.gate.makeRoom(from) {
			p = l.gate.connect(from)
		}
		if p != nil {
			return l.gate.guard(c, from, p), nil
		}
		_ = c.Close() // it was not begun
		l.gate.refuse(c.RemoteAddr().String(), TooManyConnections,
			fmt.Sprintf("it has %d connections, or all peers together %d: close some", share(l.gate.MaxConns), l.gate.MaxConns))
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
	closed   sync.Once
}

func (g *Gate) guard(c net.Conn, from netip.Addr, p *peer) *gatedConn {
	raw := &timedConn{Conn: c}
	conn := &gatedConn{Conn: raw, gate: g, raw: raw, from: from, peer: p, with: g.creds.now(), shake: func() error { return nil }}
	if config := conn.with.server; config != nil {
		secured := tls.Server(raw, config)
		conn.Conn = secured
		conn.shake = sync.OnceValue(func() error { return conn.shakeHands(secured) })
	}
	if conn.with.server != nil || len(conn.with.secrets) > 0 {
		g.awaitProof(conn)
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
	c.closed.Do(func() {
		c.gate.prove(c)
		c.gate.disconnect(c.from, c.peer)
	})
	c.raw.closing.Store(true)
	return c.Conn.Close()
}

// shakeHands returns io.EOF where the peer is refused: it has been told already, and the server need not answer.
func (c *gatedConn) shakeHands(secured *tls.Conn) error {
	err := secured.Handshake()
	if err == nil {
		c.gate.prove(c)
		return nil
	}
	if why, text := faultOf(err); why != "" {
		c.gate.refuse(c.RemoteAddr().String(), why, text)
		if why == NoTLS {
			c.refuseInPlaintext(text)
		}
		c.linger()
	}
	return io.EOF
}

// refuseInPlaintext answers a peer that speaks HTTP without TLS as connect.ErrorWriter does.
func (c *gatedConn) refuseInPlaintext(why string) {
	e := refusal(connect.CodeUnauthenticated, why)
	text, _ := json.Marshal(map[string]string{"code": e.Code().String(), "message": e.Message()}) // two texts
	_, _ = fmt.Fprintf(c.raw, "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
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

// KeepConn is for http.Server.ConnContext: a request knows the connection that it came by.
func KeepConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

type connKey struct{}

// connOf returns the connection of a request; nil where it did not come through a gate.
func connOf(ctx context.Context) *gatedConn {
	c, _ := ctx.Value(connKey{}).(*gatedConn)
	return c
}
