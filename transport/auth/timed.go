package auth

import (
	"net"
	"sync/atomic"
	"time"
)

// timedConn gives each piece of what is written a time. A deadline for whole answers, as http.Server has one, would cut off
// a Close that waits for the pipeline to drain, and an answer over a slow link.
type timedConn struct {
	net.Conn
	closing  atomic.Bool               // all that is still written is TLS's goodbye
	deadline atomic.Pointer[time.Time] // that the handler has set, which holds too; nil or zero: none
}

// How long a peer may read nothing of what is written to it, and what is written before that begins anew: so much passes
// in that time at 10 kbit/s.
const (
	WriteTime   = 10 * time.Second
	goodbyeTime = 50 * time.Millisecond
	WritePiece  = 8 << 10 // bytes
)

func (c *timedConn) Write(b []byte) (n int, err error) {
	for {
		taken, err := c.write(b[n:min(n+WritePiece, len(b))])
		if n += taken; err != nil || n == len(b) {
			return n, err
		}
	}
}

func (c *timedConn) write(b []byte) (int, error) {
	patience := WriteTime
	if c.closing.Load() {
		patience = goodbyeTime
	}
	until := time.Now().Add(patience)
	if d := c.deadline.Load(); d != nil && !d.IsZero() {
		until = earlier(until, *d)
	}
	if err := c.Conn.SetWriteDeadline(until); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

func (c *timedConn) SetWriteDeadline(t time.Time) error {
	c.deadline.Store(&t)
	return c.Conn.SetWriteDeadline(t)
}

func (c *timedConn) SetDeadline(t time.Time) error {
	c.deadline.Store(&t)
	return c.Conn.SetDeadline(t)
}

// CloseWrite ends this side, where the connection has sides that end alone.
func (c *timedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
