package link

import (
	"cmp"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

// conn is a connection over an emulated link. It is to its user what a socket is: what is written waits in a buffer
// of its own, and a full buffer makes writers wait, which is the backpressure that a slow link has.
//
//	Write ──▶ line (the buffer, and the schedule) ──▶ carry ──▶ the real connection
type conn struct {
	net.Conn
	ended   chan struct{} // closed when carry has returned
	writing sync.Mutex    // one writer at a time

	mu       sync.Mutex
	changed  sync.Cond // of what follows
	line     line
	held     int       // bytes that were written and are not there yet
	handing  bool      // carry is in the real connection's Write
	left     time.Time // when that has last taken bytes
	deadline time.Time // for writers; zero: none
	failed   error     // of the real connection
	closed   bool
	lingers  bool      // closed, with bytes on their way
	until    time.Time // when it gives them up
}

const (
	// sendBuffer is what a connection holds. Linux lets it grow with the connection, to 4 MB.
	sendBuffer = 1 << 20
	// linger is how long what was written before Close may take.
	linger = time.Second
	// early is what timers are usually late by: on an idle machine up to a millisecond, on a busy one much less.
	early = 400 * time.Microsecond
)

// Write takes all bytes as soon as there is room for them.
func (c *conn) Write(b []byte) (n int, err error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		now := time.Now()
		switch {
		case c.closed:
			return n, net.ErrClosed
		case c.failed != nil:
			return n, c.failed
		case !c.deadline.IsZero() && !now.Before(c.deadline):
			return n, os.ErrDeadlineExceeded
		}
		if room := min(len(b)-n, sendBuffer-c.held); room > 0 {
			c.line.put(slices.Clone(b[n:n+room]), now) // they belong to the caller
			n, c.held = n+room, c.held+room
			c.changed.Broadcast()
		}
		if n == len(b) {
			return n, nil
		}
		c.wait(c.deadline)
	}
}

// wait waits for a change, but not beyond a moment, unless that is zero. Call it with c.mu held.
func (c *conn) wait(until time.Time) {
	if !until.IsZero() {
		alarm := time.AfterFunc(time.Until(until), func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.changed.Broadcast()
		})
		defer alarm.Stop()
	}
	c.changed.Wait()
}

// carry hands bytes to the real connection when they are there. It ends when that has failed, or when the connection is
// closed and empty.
func (c *conn) carry() {
	defer close(c.ended)
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		now := time.Now()
		if c.failed != nil || c.closed && (c.held == 0 || !now.Before(c.until)) {
			break
		}
		arrived, next := c.line.advance(now.Add(early))
		for _, data := range arrived {
			c.handing = true
			c.mu.Unlock()
			_, err := c.Conn.Write(data)
			c.mu.Lock()
			c.handing, c.left = false, time.Now()
			c.held -= len(data)
			if err != nil {
				c.failed = err
			}
			c.changed.Broadcast()
		}
		if len(arrived) > 0 {
			continue // it took its time
		}
		if !next.IsZero() {
			next = next.Add(-early)
		}
		if c.closed && c.until.Before(next) {
			next = c.until // it is not empty, so there is a next
		}
		c.wait(next)
	}
	if c.lingers {
		_ = c.Conn.Close() // nobody is left to be told
	}
}

// Progress is when bytes were last handed on to the real connection, and whether some wait for the link, and not for that.
func (c *conn) Progress() (left time.Time, waits bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.left, c.held > 0 && !c.handing && c.failed == nil
}

// Close ends the connection. As with a socket, what was written before goes on to the other end, for as long as a
// second; it is the uplink that waits for that.
func (c *conn) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return net.ErrClosed
	}
	c.closed, c.lingers, c.until = true, c.held > 0 && c.failed == nil, time.Now().Add(linger)
	c.changed.Broadcast()
	c.mu.Unlock()
	if c.lingers {
		_ = c.Conn.SetReadDeadline(time.Unix(1, 0)) // ends a Read that waits
		return c.Conn.SetWriteDeadline(c.until)
	}
	<-c.ended
	return c.Conn.Close()
}

// Read reads what the other end has sent, which has the shape of its own link.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err != nil && c.isClosed() {
		err = net.ErrClosed
	}
	return n, err
}

func (c *conn) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// SetWriteDeadline bounds the waiting for room.
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	c.deadline = t
	c.changed.Broadcast()
	return nil
}

// SetReadDeadline bounds the waiting for the other end.
func (c *conn) SetReadDeadline(t time.Time) error {
	if c.isClosed() {
		return net.ErrClosed
	}
	return c.Conn.SetReadDeadline(t)
}

// SetDeadline sets both.
func (c *conn) SetDeadline(t time.Time) error {
	return cmp.Or(c.SetWriteDeadline(t), c.SetReadDeadline(t))
}
