package transport

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

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

// closeWrite ends this side of a connection, where it has sides that end alone.
func closeWrite(c net.Conn) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// bodyConn sends bodies through buffers that are used again. net/http hands a body to the connection's ReadFrom, and a
// TCP connection that can't splice makes a new buffer for each.
type bodyConn struct{ net.Conn }

var _ io.ReaderFrom = bodyConn{}

var bodyBuffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// ReadFrom sends all that r has.
func (c bodyConn) ReadFrom(r io.Reader) (int64, error) {
	buffer := bodyBuffers.Get().(*[32 << 10]byte)
	defer bodyBuffers.Put(buffer)
	return io.CopyBuffer(struct{ io.Writer }{c.Conn}, r, buffer[:])
}

// heardConn remembers that the node below has refused this one. In TLS 1.3 a client learns of that only when it reads,
// and meanwhile writes its request; then the fault that net/http reports is the write's.
type heardConn struct {
	net.Conn
	refusal atomic.Pointer[net.OpError]
}

func (c *heardConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if alert, ok := errors.AsType[*net.OpError](err); ok && alert.Op == "remote error" {
		c.refusal.Store(alert)
	}
	return n, err
}

func (c *heardConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if alert := c.refusal.Load(); err != nil && alert != nil {
		return n, alert
	}
	return n, err
}
