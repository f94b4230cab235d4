package transport

import (
	"context"
	"errors"
	"net/http/httptrace"
	"sync"
	"time"
)

// underWay are the pushes under way to a neighbour, and the connections to it.
type underWay struct {
	mu    sync.Mutex // held while the kernel is asked, which takes a microsecond
	known liveness
}

// errLate ends a push on which nothing has moved for too long.
var errLate = errors.New("no progress in time")

// begin begins a push of so many bytes. Its context ends when nothing has moved on it for a time; however slowly its bytes
// move, it has a bound. Call done when it has ended.
func (u *underWay) begin(ctx context.Context, patience time.Duration, bytes int) (_ context.Context, done func()) {
	const longest, slowest = time.Minute, 1 << 10 // bytes a second
	ctx, cancel := context.WithCancelCause(ctx)
	u.mu.Lock()
	defer u.mu.Unlock()
	began := time.Now()
	bound := began.Add(longest + transmission(bytes, slowest))
	c := u.known.begin(began)
	var alarm *time.Timer
	alarm = time.AfterFunc(patience, func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		now := time.Now()
		u.look(now)
		if left := min(patience-now.Sub(u.known.since(c)), bound.Sub(now)); left > 0 {
			alarm.Reset(left)
			return
		}
		cancel(errLate)
	})
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) {
		if conn, ok := got.Conn.(bodyConn); ok {
			u.takes(c, conn.way, bytes)
		}
	}})
	return ctx, func() {
		u.mu.Lock()
		u.known.end(c)
		u.mu.Unlock()
		alarm.Stop()
		cancel(nil)
	}
}

// takes takes note of the connection that a push takes. On one that says nothing of its bytes they have the time that they
// need on the slowest link that is any use.
func (u *underWay) takes(c *call, w *way, bytes int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	c.over = w
	if !w.tells {
		c.began = c.began.Add(SendTime(bytes))
	}
}

// SendTime is what so many bytes may take on the slowest link that is any use.
func SendTime(bytes int) time.Duration { return transmission(bytes, 32<<10) }

// transmission is what so many bytes take at so many a second.
func transmission(bytes, rate int) time.Duration {
	return time.Duration(float64(bytes) / float64(rate) * float64(time.Second))
}

// up reports whether the neighbour answers. Only where it may not are the connections looked at.
func (u *underWay) up() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := time.Now()
	if u.known.up(now) {
		return true
	}
	u.look(now)
	return u.known.up(now)
}

// look looks at all connections. Call it with u.mu held.
func (u *underWay) look(now time.Time) {
	for w := range u.known.ways {
		u.known.see(w, w.look(now))
	}
}

// open adds a connection.
func (u *underWay) open(w *way) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.known.see(w, sight{})
}

// closed forgets it.
func (u *underWay) closed(w *way) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.known.forget(w)
}
