package link

import (
	"net"
	"os"
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
	wake    chan struct{} // there is something new for carry
	writing sync.Mutex    // one writer at a time

	mu       sync.Mutex
	line     line
	held     int           // bytes that were written and are not there yet
	changed  chan struct{} // closed at a change that a waiting writer must see
	deadline time.Time     // for writers; zero: none
	failed   error         // of the real connection
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

func newConn(real net.Conn, l line) *conn {
	return &conn{
		Conn: real, line: l,
		ended: make(chan struct{}), wake: make(chan struct{}, 1), changed: make(chan struct{}),
	}
}

// Write takes all bytes as soon as there is room for them.
func (c *conn) Write(b []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	n := 0
	for {
		taken, changed, deadline, err := c.take(b[n:])
		n += taken
		if err != nil || n == len(b) {
			return n, err
		}
		wait(changed, deadline)
	}
}

// take takes the bytes for which there is room. It returns what to wait for if that is not all.
func (c *conn) take(b []byte) (int, <-chan struct{}, time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	switch {
	case c.closed:
		return 0, nil, now, net.ErrClosed
	case c.failed != nil:
		return 0, nil, now, c.failed
	case !c.deadline.IsZero() && !now.Before(c.deadline):
		return 0, nil, now, os.ErrDeadlineExceeded
	}
	n := min(len(b), sendBuffer-c.held)
	if n > 0 {
		c.line.put(append([]byte(nil), b[:n]...), now) // they belong to the caller
		c.held += n
		c.rouse()
	}
	return n, c.changed, c.deadline, nil
}

// wait waits for a change, but not beyond the deadline, if there is one.
func wait(changed <-chan struct{}, deadline time.Time) {
	if deadline.IsZero() {
		<-changed
		return
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	}
}

// rouse makes carry look again.
func (c *conn) rouse() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// change tells waiting writers. Call it with c.mu held.
func (c *conn) change() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// carry hands bytes to the real connection when they are there. It ends when that has failed, or when the connection is
// closed and empty.
func (c *conn) carry() {
	defer close(c.ended)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		arrived, next, over := c.advance()
		if over {
			return
		}
		for _, data := range arrived {
			_, err := c.Conn.Write(data)
			c.delivered(len(data), err)
		}
		if len(arrived) > 0 {
			continue // it took its time
		}
		idle := time.Hour
		if !next.IsZero() {
			idle = time.Until(next)
		}
		timer.Reset(idle)
		select {
		case <-c.wake:
		case <-timer.C:
		}
	}
}

// advance moves the line on, and reports whether there is nothing more to do.
func (c *conn) advance() (arrived [][]byte, next time.Time, over bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.failed != nil || c.closed && (c.held == 0 || !now.Before(c.until)) {
		if c.lingers {
			_ = c.Conn.Close() // nobody is left to be told
		}
		return nil, time.Time{}, true
	}
	arrived, next = c.line.advance(now.Add(early))
	if !next.IsZero() {
		next = next.Add(-early)
	}
	if c.closed && c.until.Before(next) {
		next = c.until // it is not empty, so there is a next
	}
	return arrived, next, false
}

// delivered makes room for what has been handed on.
func (c *conn) delivered(n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held -= n
	if err != nil {
		c.failed = err
	}
	c.change()
}

// Close ends the connection. As with a socket, what was written before goes on to the other end, for as long as a
// second; it is the uplink that waits for that.
func (c *conn) Close() error {
	if !c.end() {
		return net.ErrClosed
	}
	if c.lingers {
		_ = c.Conn.SetReadDeadline(time.Unix(1, 0)) // ends a Read that waits
		return c.Conn.SetWriteDeadline(c.until)
	}
	<-c.ended
	return c.Conn.Close()
}

// end marks the connection as closed. It reports false where it was before.
func (c *conn) end() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.closed = true
	c.lingers = c.held > 0 && c.failed == nil
	c.until = time.Now().Add(linger)
	c.change()
	c.rouse()
	return true
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
	c.change()
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
	if err := c.SetWriteDeadline(t); err != nil {
		return err
	}
	return c.SetReadDeadline(t)
}
