package transport

import (
	"net"
	"sync/atomic"
)

// Traffic counts the bytes of a node's connections, sent and received. A nil one counts nothing.
type Traffic struct{ bytes atomic.Int64 }

// Bytes is the number so far.
func (t *Traffic) Bytes() int64 { return t.bytes.Load() }

// Listen counts the bytes of the connections that a listener accepts.
func (t *Traffic) Listen(l net.Listener) net.Listener {
	return wrapping{l, func(c net.Conn) net.Conn { return countedConn{c, t} }}
}

type countedConn struct {
	net.Conn
	traffic *Traffic
}

func (c countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.traffic.add(n)
	return n, err
}

func (c countedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.traffic.add(n)
	return n, err
}

// CloseWrite ends this side, as http.Server does before it hangs up.
func (c countedConn) CloseWrite() error { return closeWrite(c.Conn) }

func (t *Traffic) add(n int) {
	if t != nil {
		t.bytes.Add(int64(n))
	}
}
