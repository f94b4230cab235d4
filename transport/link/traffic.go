package link

import (
	"net"
	"sync/atomic"
)

// Traffic counts the bytes of a node's connections, sent and received. A nil one counts nothing.
type Traffic struct{ bytes atomic.Int64 }

// Bytes is the number so far.
func (t *Traffic) Bytes() int64 { return t.bytes.Load() }

// Listen counts the bytes of the connections that a listener accepts.
func (t *Traffic) Listen(l net.Listener) net.Listener { return wrapping{l, t.Over} }

// Over counts the bytes of a connection.
func (t *Traffic) Over(c net.Conn) net.Conn {
	if t == nil {
		return c
	}
	return countedConn{c, t}
}

type countedConn struct {
	net.Conn
	traffic *Traffic
}

func (c countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.traffic.bytes.Add(int64(n))
	return n, err
}

func (c countedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.traffic.bytes.Add(int64(n))
	return n, err
}

// CloseWrite ends this side, as http.Server does before it hangs up, where the connection has sides that end alone.
func (c countedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// wrapping is a listener whose connections are wrapped.
type wrapping struct {
	net.Listener
	wrap func(net.Conn) net.Conn
}

func (l wrapping) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.wrap(c), nil
}
