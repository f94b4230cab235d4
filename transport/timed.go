package transport

import (
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

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

func (c *timedConn) CloseWrite() error { return closeWrite(c.Conn) }

// timeAnswers gives the answers to calls a time over HTTP/2 too: there a stream's write waits for the peer's window, and
// the connection has nothing to write. It begins with the answer, for the same reason as above.
func timeAnswers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 {
			w = timedAnswer{w}
		}
		next.ServeHTTP(w, r)
	})
}

type timedAnswer struct{ http.ResponseWriter }

func (a timedAnswer) Write(b []byte) (int, error) {
	_ = http.NewResponseController(a.ResponseWriter).SetWriteDeadline(time.Now().Add(writeTime)) // a stream can
	return a.ResponseWriter.Write(b)
}

func (a timedAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
